import type { Problem } from "../../failed.ts";
import type { Fault } from "../fault.ts";

/** Codes that say at which field it is, where the hub does. */
const FIELDS: Readonly<Record<string, string>> = { handle: "agency-handle", name: "agency-name" };

/** What an administrator is told of a problem. */
export const faultOf = (problem: Problem): Fault => {
  if (problem.kind === "line") return { field: null, key: "agency.unsure" };
  if (problem.kind !== "refused") return { field: null, problem };
  const at = FIELDS[String(problem.fields.field)] ?? null;
  switch (problem.code) {
    case "head_moved":
    case "chain_broken":
      return { field: null, key: "agency.moved" };
    case "id_reused":
      return { field: at, key: "agency.handle_taken" };
    case "malformed":
      return { field: at, key: "agency.malformed" };
    case "checkpoint_unwitnessed":
      return { field: null, key: "agency.unwitnessed" };
    default:
      return { field: null, problem };
  }
};
