import { type ReadonlySignal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { overseeing } from "../../words/overseeing.ts";
import { problemOf, problemText } from "../../words/problems.ts";
import type { Paged } from "../../worker/overseeing-api.ts";
import { asking } from "./asking.ts";

export interface AskedFor<Value> {
  readonly value: ReadonlySignal<Value | undefined>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly load: () => Promise<void>;
}

/** What the worker is asked for when the page comes, or when something it depends on changes. */
export const useAsked = <Value,>(ask: () => Promise<Value>, ...dependsOn: readonly unknown[]): AskedFor<Value> => {
  const [{ value, problem, load }] = useState(() => asking<Value>());
  useEffect(() => {
    value.value = undefined;
    void load(ask);
  }, dependsOn);
  return { value, problem, load: () => load(ask) };
};

interface AskedProps<Value> {
  readonly of: AskedFor<Value>;
  readonly children: (value: Value) => ComponentChildren;
}

/** It, once it is there; what went wrong, with a button to try again. */
export const Asked = <Value,>({ of: { value, problem, load }, children }: AskedProps<Value>) => (
  <>
    {problem.value && <Failing problem={problem.value} onAgain={() => void load()} />}
    {value.value === undefined && problem.value === null && <Waiting />}
    {value.value !== undefined && children(value.value)}
  </>
);

interface PagedProps<Row> {
  /** The page behind a cursor; null: the first. */
  readonly ask: (after: string | null) => Promise<Paged<Row>>;
  /** With another, the list begins anew. */
  readonly of: unknown;
  readonly children: (row: Row) => ComponentChildren;
}

/** A list of the hub's, a page at a time. */
export const PagedList = <Row,>({ ask, of, children }: PagedProps<Row>) => {
  const [rows, after] = [useSignal<readonly Row[] | null>(null), useSignal<string | null>(null)];
  const [problem, isBusy] = [useSignal<Problem | null>(null), useSignal(false)];
  const newest = useRef<unknown>(null);
  const load = async (from: string | null) => {
    const mine = {};
    newest.current = mine;
    problem.value = null;
    isBusy.value = true;
    try {
      const page = await ask(from);
      if (newest.current !== mine) return; // another list was asked for meanwhile
      rows.value = from === null ? page.rows : [...(rows.value ?? []), ...page.rows];
      after.value = page.after;
    } catch (error) {
      if (newest.current === mine) problem.value = problemOf(error);
    } finally {
      if (newest.current === mine) isBusy.value = false;
    }
  };
  useEffect(() => {
    rows.value = null;
    after.value = null;
    void load(null);
  }, [of]);
  const ours = overseeing.value;
  return (
    <>
      {problem.value && <Failing problem={problem.value} onAgain={() => void load(after.value)} />}
      {rows.value === null && problem.value === null && <Waiting />}
      {rows.value?.length === 0 && <p role="status">{ours("overseeing.none")}</p>}
      <ul class="overview-rows wide">
        {rows.value?.map((one, place) => (
          <li key={place}>{children(one)}</li>
        ))}
      </ul>
      {after.value !== null && (
        <Button busy={isBusy.value} onPress={() => void load(after.value)}>
          {ours("overseeing.more")}
        </Button>
      )}
    </>
  );
};

interface FailingProps {
  readonly problem: Problem;
  readonly onAgain: () => void;
}

export const Failing = ({ problem, onAgain }: FailingProps) => {
  const said = words.value;
  return (
    <div class="wide" role="alert">
      <Band tone="late" action={<Button onPress={onAgain}>{said("app.retry")}</Button>}>
        {problemText(said, problem)}
      </Band>
    </div>
  );
};
