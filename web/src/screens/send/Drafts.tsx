import { useSignal } from "@preact/signals";
import { Button } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { Urgency } from "../../parts/Urgency.tsx";
import { words } from "../../words/current.ts";
import { moment } from "../../words/dates.ts";
import { labels, placeInFull } from "../../words/labels.ts";
import type { DraftRow } from "../../worker/api.ts";

interface DraftsProps {
  readonly rows: readonly DraftRow[];
  readonly onOpen: (id: string) => void;
  readonly onDiscard?: (id: string) => void;
}

/** What is not sent yet, on this device alone: to be continued, or waiting for the line. */
export const Drafts = ({ rows, onOpen, onDiscard }: DraftsProps) => {
  const said = words.value;
  const asked = useSignal<string | null>(null);
  return (
    <section class="drafts wide stack" aria-labelledby="drafts">
      <h2 id="drafts">{said("send.drafts")}</h2>
      <ul class="draft-rows">
        {rows.map((row) => (
          <li key={row.id} class="draft-row">
            {asked.value === row.id ? (
              <div class="stack">
                <p>{said("send.discard.sure")}</p>
                <div class="buttons">
                  <Button
                    look="grave"
                    onPress={() => {
                      asked.value = null;
                      onDiscard?.(row.id);
                    }}
                  >
                    {said("send.discard")}
                  </Button>
                  <Button
                    onPress={() => {
                      asked.value = null;
                    }}
                  >
                    {said("app.cancel")}
                  </Button>
                </div>
              </div>
            ) : (
              <>
                <span class="line-words">
                  <span class={row.returned ? "is-late" : "soft"}>
                    {row.waits
                      ? said("app.offline")
                      : row.returned
                        ? said("send.returned")
                        : said("send.draft_of", { at: moment(said, Date.parse(row.savedAt)) })}
                  </span>
                  <span>
                    {row.urgency !== "" && (
                      <>
                        <Urgency code={row.urgency} /> ·{" "}
                      </>
                    )}
                    {labels(said.language, "services", row.services)}
                    {row.place !== "" && ` · ${placeInFull(said, row.place)}`}
                  </span>
                </span>
                {!row.waits && (
                  <span class="buttons">
                    <Button icon="onward" onPress={() => onOpen(row.id)}>
                      {said("verb.continue")}
                    </Button>
                    {onDiscard && (
                      <Button
                        look="quiet"
                        onPress={() => {
                          asked.value = row.id;
                        }}
                      >
                        {said("send.discard")}
                      </Button>
                    )}
                  </span>
                )}
                {row.waits && <Icon name="clock" />}
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
};
