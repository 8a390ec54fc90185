/** A page of what a person decided. */
export type ConsentPage = "shown" | "decide" | "take_back" | "code" | "record";
