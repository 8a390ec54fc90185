import { words } from "../words/current.ts";
import { sizeText } from "../words/sizes.ts";

interface CarriedProps {
  /** Files that go, or one that comes. */
  readonly way: "file.carried" | "file.coming";
  readonly over: number;
  readonly all: number;
}

/** How far files are: bytes that are over, of how many. */
export const Carried = ({ way, over, all }: CarriedProps) => {
  const said = words.value;
  return <p>{said(way, { over: sizeText(said.language, over), all: sizeText(said.language, all) })}</p>;
};
