import { Qr } from "../../parts/Qr.tsx";
import { words } from "../../words/current.ts";
import "./first-day.css";

/** The secret of an authenticator, to be scanned or typed. */
export const AuthenticatorSecret = ({ secret, uri }: { readonly secret: string; readonly uri: string }) => {
  const said = words.value;
  return (
    <>
      <Qr text={uri} label={said("join.authenticator.qr")} />
      <p>{said("join.authenticator.typed")}</p>
      <p class="offered">{secret.match(/.{1,4}/g)?.join(" ")}</p>
    </>
  );
};
