import { words } from "../words/current.ts";
import { sizeText } from "../words/sizes.ts";

/** How far files are: bytes that are over, of how many. */
export interface HowFar {
  readonly over: number;
  readonly all: number;
}

interface CarriedProps extends HowFar {
  /** Files that go, or one that comes. */
  readonly way: "file.carried" | "file.coming";
}

export const Carried = ({ way, over, all }: CarriedProps) => {
  const said = words.value;
  return <p>{said(way, { over: sizeText(said.language, over), all: sizeText(said.language, all) })}</p>;
};
