import type { Agency, Box, Page, Part, Referral, Row } from "../src/worker/api.ts";

/** Rows and referrals as the vault hands them out, for pictures. Nobody in them is real. */

const HOUR = 3_600_000;
const iso = (at: number) => new Date(at).toISOString();

export const agencies: readonly Agency[] = [
  { id: "a", kind: "resource_centre", names: { mn: "Өмнөговь МНТ", en: "MRC Umnugobi" }, suspended: false },
  { id: "mgec", kind: "ngo", names: { mn: "МЖЭТТ", en: "MGEC" }, suspended: false },
  { id: "police", kind: "police", names: { mn: "Цагдаагийн газар", en: "Police department" }, suspended: false },
];

const row = (now: number, id: string, some: Partial<Row>): Row => ({
  id,
  tier: "clock",
  as: "recipient",
  state: "sent",
  urgency: "immediate",
  services: ["shelter", "psychosocial"],
  place: "MN-053",
  counterpart: "mgec",
  sentAt: iso(now - HOUR),
  changedAt: iso(now - HOUR / 2),
  until: "2027-02-23T16:00:00Z",
  owed: [],
  deletionOwedSince: null,
  ...some,
});

const owed = (now: number, hours: number, agency = "a", kind = "acknowledge") => [
  { agency, kind, dueAt: iso(now + hours * HOUR), late: hours <= 0 },
];

const all = (now: number): Readonly<Record<string, Row>> => ({
  r1: row(now, "r1", { tier: "late", owed: owed(now, -0.2) }),
  r2: row(now, "r2", { urgency: "urgent", state: "opened", owed: owed(now, 0.7, "a", "decide") }),
  r3: row(now, "r3", { tier: "ours", state: "withdrawn", deletionOwedSince: iso(now - HOUR) }),
  r4: row(now, "r4", {
    as: "sender",
    tier: "ours",
    state: "more_asked",
    urgency: "standard",
    services: ["legal_aid"],
    counterpart: "police",
    owed: owed(now, 30, "a", "answer"),
  }),
  r5: row(now, "r5", { as: "sender", tier: "waiting", owed: owed(now, 5, "mgec") }),
  r6: row(now, "r6", { tier: "rest", state: "closed", changedAt: iso(now - 50 * HOUR) }),
});

export const pages = (now: number): Readonly<Record<Box, Page>> => {
  const { r1, r2, r3, r4, r5, r6 } = all(now) as Readonly<Record<"r1" | "r2" | "r3" | "r4" | "r5" | "r6", Row>>;
  const counts = { late: 1, clock: 1, ours: 1, waiting: 0 };
  return {
    inbox: { rows: [r1, r2, r3, { id: "bad", tier: "rest", damaged: "bad_signature" }, r6], after: null, counts },
    outbox: { rows: [r4, r5], after: null, counts: { late: 0, clock: 0, ours: 1, waiting: 1 } },
  };
};

const part = (name: string, fields: Part["fields"], status: Part["status"] = "readable"): Part => ({
  name,
  status,
  fields: status === "readable" ? fields : [],
  text: null,
});

const PARTS: readonly Part[] = [
  part("needs", [
    ["services", ["shelter", "psychosocial"]],
    ["need_in_own_words", "Өнөө шөнө хонох газар хэрэгтэй.\n<b>http://example.org</b>"],
    ["interpreter_language", "kaz"],
  ]),
  part("identity", [
    ["patronymic", "Дамдин"],
    ["given_name", "Цэцэгмаа"],
    ["date_of_birth", "1998-03"],
  ]),
  part("contact", [
    ["warnings", ["no_messages", "phone_watched"]],
    ["phone", "+976 9900 0000"],
    ["phone_is_safe", false],
    ["safe_times", "13–14"],
    ["safe_words", "ном захиалсан"],
    ["trusted_person", "Оюун"],
  ]),
  part("safety", [
    ["warnings", ["not_police"]],
    ["risk_level", "high"],
    ["plan", null],
  ]),
  part("medical", [], "damaged"),
  part("account", [], "not_granted"),
];

const without = (status: Part["status"]) => PARTS.map(({ name }) => part(name, [], status));

export const referrals = (now: number): Readonly<Record<string, Referral>> => {
  const rows = all(now);
  const whole = (id: string, some: Partial<Referral>): Referral => ({
    ...rows[id]!,
    document: id,
    language: "mn",
    minor: false,
    partNames: PARTS.map(({ name }) => name),
    parts: PARTS,
    steps: [],
    decision: {
      document: "d",
      to: "a",
      sections: ["needs", "identity", "contact", "safety"],
      purposes: ["give_service"],
      until: "2027-02-23T16:00:00Z",
      refused: ["account"],
    },
    opened: true,
    keptUntil: null,
    next: [],
    ...some,
  });
  const step = (id: string, agency: string, type: string, note: string | null = null) => ({
    id,
    document: id,
    agency,
    member: "m",
    type,
    reason: null,
    at: iso(now - HOUR / 4),
    note: note === null ? null : { name: "note", status: "readable" as const, fields: [], text: note },
  });
  return {
    r1: whole("r1", {
      parts: without("not_yet"),
      opened: false,
      next: ["opened", "acknowledged", "more_asked", "accepted", "declined", "message"],
    }),
    r2: whole("r2", {
      minor: true,
      steps: [step("s1", "a", "opened")],
      next: ["acknowledged", "more_asked", "accepted", "declined", "message"],
    }),
    r3: whole("r3", {
      parts: without("gone"),
      steps: [step("s1", "a", "opened"), step("s2", "a", "accepted")],
      next: ["closed", "deleted"],
    }),
    r4: whole("r4", {
      steps: [step("s1", "police", "opened"), step("s2", "police", "more_asked", "Иргэний үнэмлэх нь хаана байна вэ?")],
      next: ["recalled", "message"],
    }),
  };
};
