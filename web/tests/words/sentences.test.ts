import { describe, expect, test } from "vitest";
import { en } from "../../src/words/en.ts";
import { mn } from "../../src/words/mn.ts";
import { problemText } from "../../src/words/problems.ts";
import { type Naming, ofDecision, ofPlan, sectionName, untilText } from "../../src/words/sentences.ts";
import { type Words, wordsOf } from "../../src/words/words.ts";

const inMongolian = wordsOf("mn", mn);
const inEnglish = wordsOf("en", en);

const naming =
  (words: Words): Naming =>
  (agency) =>
    agency === "mgec"
      ? words.language === "mn"
        ? { name: "МЖЭТТ", what: "Хамгаалах байр" }
        : { name: "MGEC", what: "Shelter" }
      : undefined;

const plan = {
  recipients: [
    {
      to: "mgec",
      sections: ["needs", "identity"],
      purposes: ["give_service"],
      until: Date.parse("2027-02-23T16:00:00Z"),
    },
  ],
  agreed: [],
  refusals: [
    { to: "mgec", sections: ["account"] },
    { to: "kind:police", sections: ["*"] },
  ],
  stays: ["account", "medical"],
  basis: "informed_consent",
};

const texts = (words: Words, voice: "worker" | "her", of = plan) =>
  ofPlan(words, voice, of, naming(words)).map((sentence) => sentence.text);

describe("to her, it is said", () => {
  test("in Mongolian", () => {
    expect(texts(inMongolian, "her")).toEqual([
      "Танд туслахын тулд Хамгаалах байр (МЖЭТТ) уншиж болно: танд юу хэрэгтэй · та хэн бэ. 2027 оны 2 сарын 23 хүртэл.",
      "Хэн хүссэн ч цагдаа юу ч уншихгүй.",
      "Хамгаалах байр (МЖЭТТ) уншихгүй: юу болсон.",
      "Бидэнд үлдэнэ, хэнд ч илгээхгүй: юу болсон · эрүүл мэнд.",
    ]);
  });

  test("in English", () => {
    expect(texts(inEnglish, "her")).toEqual([
      "To help you, MGEC (shelter) can read: what you need · who you are. Until 23 February 2027.",
      "Police can read nothing, whoever asks.",
      "MGEC (shelter) can’t read: what happened.",
      "Stays with us, sent to nobody: what happened · health.",
    ]);
  });

  test("with the sections in the order in which they are read out, and several purposes", () => {
    const many = {
      ...plan.recipients[0]!,
      sections: ["account", "safety", "needs"],
      purposes: ["assess", "coordinate"],
    };
    expect(texts(inEnglish, "her", { ...plan, recipients: [many], refusals: [], stays: [] })).toEqual([
      "To decide whether they can help · to bring the help together, MGEC (shelter) can read: what you need · the danger · what happened. Until 23 February 2027.",
    ]);
  });

  test("when everybody is refused", () => {
    const nobody = { ...plan, recipients: [], refusals: [{ to: "*", sections: ["*"] }], stays: [] };
    expect(texts(inEnglish, "her", nobody)).toEqual(["Every agency can read nothing, whoever asks."]);
    expect(texts(inMongolian, "her", nobody)).toEqual(["Хэн хүссэн ч аль ч байгууллага юу ч уншихгүй."]);
  });
});

describe("to workers, it is said as the command line says it", () => {
  test("in English", () => {
    expect(texts(inEnglish, "worker")).toEqual([
      "MGEC can read: Needs and services asked for · Who the person is. For: To give the service asked for. Until 23 February 2027.",
      "Police: can read nothing, whoever asks.",
      "MGEC can’t read: What happened.",
      "Filled in and sent to nobody: What happened · Health.",
      "On the basis of: The person’s informed consent.",
    ]);
  });

  test("in Mongolian", () => {
    expect(texts(inMongolian, "worker").slice(0, 3)).toEqual([
      "МЖЭТТ уншиж болно: Хэрэгцээ, хүссэн үйлчилгээ · Хувийн мэдээлэл. Зорилго: Хүссэн үйлчилгээг үзүүлэх. 2027 оны 2 сарын 23 хүртэл.",
      "Цагдаа: хэн хүссэн ч юу ч уншихгүй.",
      "МЖЭТТ уншихгүй: Болсон явдал.",
    ]);
  });

  test("when nothing was agreed, a recipient reads nothing", () => {
    const none = { ...plan, recipients: [{ ...plan.recipients[0]!, sections: [] }], refusals: [], stays: [] };
    expect(ofPlan(inEnglish, "worker", none, naming(inEnglish))[0]).toEqual({
      kind: "reads_nothing",
      agency: "mgec",
      text: "MGEC can read nothing: the person has not agreed to anything for it.",
    });
  });
});

describe("a recorded decision", () => {
  const decision = {
    to: "mgec",
    sections: ["needs"],
    purposes: ["assess"],
    until: "2027-02-23T16:00:00Z",
    refused: ["*"],
  };

  test("says what may be read, and what was refused", () => {
    const said = ofDecision(inEnglish, "worker", decision, naming(inEnglish));
    expect(said.map((one) => [one.kind, one.text])).toEqual([
      [
        "may_read",
        "MGEC can read: Needs and services asked for. For: To decide whether they can help. Until 23 February 2027.",
      ],
      ["refused", "MGEC: can read nothing, whoever asks."],
    ]);
  });

  test("that grants nothing says nothing of reading", () => {
    const refusal = { ...decision, sections: [], until: null, refused: ["account"] };
    const said = ofDecision(inEnglish, "her", refusal, naming(inEnglish));
    expect(said.map((one) => one.text)).toEqual(["MGEC (shelter) can’t read: what happened."]);
  });
});

describe("what others named", () => {
  test("stands as text that hides nothing, and an unknown agency by its id", () => {
    const hostile: Naming = () => ({ name: "\u202eCEGM {sections}", what: "Shelter" });
    const [said] = ofPlan(inEnglish, "worker", { ...plan, refusals: [], stays: [] }, hostile);
    expect(said?.text.startsWith("\ufffdCEGM {sections} can read: Needs")).toBe(true);
    expect(sectionName(inEnglish, "her", "made_up")).toBe("made_up");
    const [unknown] = ofPlan(inEnglish, "her", { ...plan, refusals: [], stays: [] }, () => undefined);
    expect(unknown?.text).toBe("To help you, mgec can read: what you need · who you are. Until 23 February 2027.");
  });

  test("until is a sentence of its own too", () => {
    expect(untilText(inMongolian, plan.recipients[0]!.until)).toBe("2027 оны 2 сарын 23 хүртэл.");
    expect(untilText(inEnglish, plan.recipients[0]!.until)).toBe("Until 23 February 2027.");
  });
});

describe("a problem", () => {
  test("says what happened, what became of the work, what to do now", () => {
    const of = (code: string) => problemText(inEnglish, { kind: "refused", code, fields: {} });
    expect(of("key_mismatch")).toBe(
      "This agency’s key is not the one the network agreed on. Nothing was sent. Call your coordinator.",
    );
    expect(of("version_unsupported")).toContain("(version_unsupported)");
    expect(of("toString")).toContain("(toString)");
    expect(problemText(inEnglish, { kind: "hub", code: "internal", incident: "7f3a" })).toMatch(/7f3a\.$/);
  });

  test("tells a wrong passphrase, login or number in one sentence", () => {
    expect(problemText(inEnglish, { kind: "device", code: "wrong_passphrase" })).toBe(
      "The login, passphrase or digits do not match. Digits count once: try again with the next ones.",
    );
  });
});
