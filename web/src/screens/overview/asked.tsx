import { type ReadonlySignal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../failed.ts";
import { Band } from "../../parts/Band.tsx";
import { Button } from "../../parts/Button.tsx";
import { Waiting } from "../../parts/Waiting.tsx";
import { words } from "../../words/current.ts";
import { problemOf, problemText } from "../../words/problems.ts";

export interface AskedFor<Value> {
  readonly value: ReadonlySignal<Value | undefined>;
  readonly problem: ReadonlySignal<Problem | null>;
  readonly load: () => Promise<void>;
}

/** What the worker is asked for when the page comes, or when something it depends on changes. */
export const useAsked = <Value,>(ask: () => Promise<Value>, ...dependsOn: readonly unknown[]): AskedFor<Value> => {
  const [value, problem] = [useSignal<Value | undefined>(undefined), useSignal<Problem | null>(null)];
  const load = async () => {
    problem.value = null;
    try {
      value.value = await ask();
    } catch (error) {
      problem.value = problemOf(error);
    }
  };
  useEffect(() => {
    value.value = undefined;
    void load();
  }, dependsOn);
  return { value, problem, load };
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
