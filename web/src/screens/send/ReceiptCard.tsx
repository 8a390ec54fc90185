import { useSignal } from "@preact/signals";
import { Button } from "../../parts/Button.tsx";
import { Qr } from "../../parts/Qr.tsx";
import { words } from "../../words/current.ts";

const PAGE = "/r/";
const NAME = "Баримт"; // in every language: it says nothing of what it is for

interface ReceiptCardProps {
  readonly code: string;
  /** Whether it is good already. */
  readonly isSent: boolean;
}

/**
 * Her code, shown once: the size of a bank card, without agency, name, date or symbol. The picture carries the code behind
 * the address's #, which no browser sends. It is gone when this screen is.
 */
export const ReceiptCard = ({ code, isSent }: ReceiptCardProps) => {
  const said = words.value;
  const isLarge = useSignal(false);
  return (
    <section class="wide stack receipt" aria-label={said("send.receipt")}>
      <div class={isLarge.value ? "receipt-card large" : "receipt-card"} translate={false}>
        <div>
          <p lang="mn" class="receipt-name">
            {NAME}
          </p>
          <p class="receipt-code">
            {code.match(/\d{4} \d{4}/g)?.map((groups) => (
              <span key={groups}>{groups}</span>
            ))}
          </p>
          <p>{`${location.host}${PAGE}`}</p>
        </div>
        <Qr text={`${location.origin}${PAGE}#${code.replaceAll(" ", "")}`} label={said("card.qr")} />
      </div>
      <div class="receipt-about stack">
        <p>{said("card.about")}</p>
        {!isSent && <p>{said("card.waits")}</p>}
        <p>{said("card.forgets")}</p>
        <div class="buttons">
          <Button icon="print" onPress={() => print()}>
            {said("card.print")}
          </Button>
          <Button
            icon="show"
            onPress={() => {
              isLarge.value = !isLarge.value;
            }}
          >
            {said(isLarge.value ? "card.small" : "card.large")}
          </Button>
        </div>
      </div>
    </section>
  );
};
