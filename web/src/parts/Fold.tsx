import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

interface FoldProps {
  readonly title: string;
  readonly children: () => ComponentChildren;
}

/** What is fetched and drawn when somebody opens it, and not before. */
export const Fold = ({ title, children }: FoldProps) => {
  const isOpen = useSignal(false);
  return (
    <details
      class="wide more"
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary>{title}</summary>
      {isOpen.value && children()}
    </details>
  );
};
