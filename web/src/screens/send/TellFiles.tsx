import { useSignal } from "@preact/signals";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { words } from "../../words/current.ts";
import { sizeText } from "../../words/sizes.ts";
import { plain } from "../../words/words.ts";
import type { Picking, Unattached } from "./picking.ts";

interface FilesProps {
  readonly section: string;
  readonly state: Picking;
}

/** The files of a section, or of a note: read by whoever reads that. A photo is cleaned unless it is evidence. */
export const TellFiles = ({ section, title, state }: FilesProps & { readonly title: string }) => {
  const said = words.value;
  const keep = useSignal(false);
  return (
    <details class="more files" open={hasFiles(state, section)} {...takes(section, state, keep.value)}>
      <summary>{title}</summary>
      <div class="field stack">
        <p class="hint" id={`send-files-${section}-hint`}>
          {said("file.hint")}
        </p>
        <label class="option">
          <input
            type="checkbox"
            checked={keep.value}
            onChange={(event) => {
              keep.value = event.currentTarget.checked;
            }}
          />
          <span>{said("file.keep_metadata")}</span>
        </label>
        <PickedFiles section={section} state={state} keepMetadata={keep.value} />
      </div>
    </details>
  );
};

/** Whether anything is picked for this section, or was tried. */
export const hasFiles = (state: Picking, section: string): boolean =>
  (state.filled.value?.files?.[section] ?? []).length > 0 ||
  state.unattached.value.some((one) => one.section === section) ||
  state.attaching.value === section;

/** Files that are dropped on it, or pasted in it, are picked as any others. */
export const takes = (section: string, state: Picking, keepMetadata: boolean) => {
  const take = (event: Event, carried: DataTransfer | null) => {
    const files = [...(carried?.files ?? [])];
    if (files.length === 0 || carried!.types.includes("text/plain")) return; // words that bring their picture along
    event.preventDefault();
    void state.attach(section, files, keepMetadata);
  };
  return {
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    },
    onDrop: (event: DragEvent) => take(event, event.dataTransfer),
    onPaste: (event: ClipboardEvent) => take(event, event.clipboardData),
  };
};

interface PickedProps extends FilesProps {
  readonly keepMetadata: boolean;
}

/** The button that picks files, and those that were picked. Described by what has the id `send-files-SECTION-hint`. */
export const PickedFiles = ({ section, state, keepMetadata }: PickedProps) => {
  const said = words.value;
  const id = `send-files-${section}`;
  const files = state.filled.value?.files?.[section] ?? [];
  const faults = state.unattached.value.filter((one) => one.section === section);
  const busy = state.attaching.value === section;
  return (
    <>
      {/* Chromium says what stands on its own button in its own language: the label is the button. */}
      <input
        type="file"
        class="unseen"
        id={id}
        multiple
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          const input = event.currentTarget;
          const picked = [...(input.files ?? [])];
          input.value = ""; // the same one may be picked again
          void state.attach(section, picked, keepMetadata);
        }}
      />
      <label for={id} class="button plain">
        <Icon name="plus" />
        <span>{said("file.pick")}</span>
      </label>
      <div role="status">{busy && <p>{said("file.taking")}</p>}</div>
      <div role="alert">
        {faults.map((one) => (
          <Band tone="late" key={one.name}>
            {faultText(one)}
          </Band>
        ))}
      </div>
      {files.length > 0 && (
        <ul class="file-list">
          {files.map((one) => (
            <li key={one.id}>
              <span>
                <strong>{plain(one.name)}</strong> · {sizeText(said.language, one.size)}
                {` · ${said(one.cleaned ? "file.cleaned" : "file.as_it_is")}`}
              </span>
              <Button look="quiet" onPress={() => state.detach(section, one.id)}>
                {said("file.remove")}
                <span class="unseen">: {plain(one.name)}</span>
              </Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
};

const faultText = ({ name, fault }: Unattached): string => words.value(`file.${fault}`, { name: plain(name) });
