import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Button } from "../../parts/Button.tsx";
import { Carried } from "../../parts/Carried.tsx";
import { hand } from "../../parts/hand.ts";
import { words } from "../../words/current.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import { sizeText } from "../../words/sizes.ts";
import { plain } from "../../words/words.ts";
import type { DescribedFile } from "../../worker/api.ts";
import type { Holding } from "./state.ts";

interface FilesProps {
  readonly files: readonly DescribedFile[];
  /** Of whose note they are; null: of a section. */
  readonly event: string | null;
  /** H of the decision that they are evidence of. */
  readonly decision?: string;
  readonly state: Holding;
}

/** What a file is called and how large it is, as its sender says; it is fetched and opened when it is to be saved. */
export const Files = ({ files, ...of }: FilesProps) => (
  <ul class="file-list stack">
    {files.map((one) => (
      <OneFile key={one.part} file={one} {...of} />
    ))}
  </ul>
);

interface FileProps extends Omit<FilesProps, "files"> {
  readonly file: DescribedFile;
}

const OneFile = ({ file, event, decision, state }: FileProps) => {
  const said = words.value;
  const [isSaved, busy, problem] = [useSignal(false), useSignal(false), useSignal<Problem | null>(null)];
  const name = plain(file.name);
  const id = state.shown.value?.id ?? "";
  const of = `${decision ?? id} ${file.part}`;
  const stop = () => void state.files.stopFetching(of);
  // Whoever leaves does not wait for it, nor does the line carry it on.
  useEffect(
    () => () => {
      if (busy.value) stop();
    },
    [],
  );
  const carried = useSignal<{ readonly over: number; readonly all: number } | null>(null);
  const save = async () => {
    [isSaved.value, busy.value, problem.value] = [false, true, null];
    carried.value = null;
    const unwatch = state.files.watch((one) => {
      if (one.type === "carried" && one.of === of) carried.value = one;
    });
    try {
      const blob = await (decision === undefined
        ? state.files.fetchFile(id, event, file.part)
        : state.files.fetchEvidence(decision, file.part));
      if (state.shown.value?.id !== id) return; // left meanwhile, or locked
      hand(blob, file.name);
      isSaved.value = true;
    } catch (error) {
      problem.value = problemOf(error);
    } finally {
      unwatch();
      busy.value = false;
    }
  };
  return (
    <li class="buttons">
      <span>
        <strong>{name}</strong> · {typeText(file.type)} · {sizeText(said.language, file.size)}
      </span>
      <Button busy={busy.value} onPress={() => void save()}>
        {said("file.save")}
        <span class="unseen">: {name}</span>
      </Button>
      {busy.value && carried.value !== null && (
        <Button look="quiet" onPress={stop}>
          {said("file.stop")}
          <span class="unseen">: {name}</span>
        </Button>
      )}
      <div role="status">
        {busy.value && carried.value !== null && (
          <Carried way="file.coming" over={carried.value.over} all={carried.value.all} />
        )}
        {isSaved.value && <p>{said("file.saved")}</p>}
      </div>
      <div role="alert">{problem.value && <p class="error">{problemText(said, problem.value)}</p>}</div>
    </li>
  );
};

const TYPES = {
  "image/jpeg": "file.photo",
  "image/png": "file.photo",
  "image/webp": "file.photo",
  "image/heic": "file.photo",
  "application/pdf": "file.pdf",
  "text/plain": "file.text",
  "audio/mpeg": "file.audio",
  "audio/ogg": "file.audio",
} as const;

/** Of the types that are said to a person; whatever else is a file. */
const typeText = (type: string): string =>
  words.value(Object.hasOwn(TYPES, type) ? TYPES[type as keyof typeof TYPES] : "file.one");
