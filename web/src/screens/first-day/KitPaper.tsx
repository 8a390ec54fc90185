import { words } from "../../words/current.ts";
import { plain } from "../../words/words.ts";
import "./first-day.css";

interface KitPaperProps {
  readonly login: string;
  readonly fingerprint: string;
  readonly codes: readonly string[];
}

/** The recovery kit, as it is printed: the page around it is not. */
export const KitPaper = ({ login, fingerprint, codes }: KitPaperProps) => {
  const said = words.value;
  return (
    <section class="kit" aria-labelledby="kit-name">
      <h2 id="kit-name">{said("join.kit.paper")}</h2>
      <dl>
        <dt>{said("join.kit.hub")}</dt>
        <dd>{location.host}</dd>
        <dt>{said("sign_in.login")}</dt>
        <dd>{plain(login)}</dd>
        <dt>{said("sign_in.fingerprint")}</dt>
        <dd class="groups">{fingerprint}</dd>
        <dt>{said("join.kit.codes")}</dt>
        <dd>
          <ol>
            {codes.map((code) => (
              <li key={code} class="groups">
                {code}
              </li>
            ))}
          </ol>
        </dd>
      </dl>
      <p>{said("join.kit.keep")}</p>
    </section>
  );
};
