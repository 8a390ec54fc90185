import type { ConsentKey } from "./mn-consent.ts";

/** What becomes of a person's decision later: decided anew, taken back, her code, her record. */
export const consent: Readonly<Record<ConsentKey, string>> = {
  "later.open": "Her decision: renew, change, take back",
  "verb.ask_again": "Ask again",
  "later.ends": "It ends: {day}. Ask the person whether it goes on.",
  "later.decide": "Ask the person anew",
  "later.decide.about":
    "It begins with what stands. What was sent stays as it was sent: who may read less loses it at once; what is added goes along when it is sent anew.",
  "later.signed":
    "Nothing is written over: each change is a new version, signed in your name. Keys stay where it is renewed before its end.",
  "later.guardian": "The guardian decides, and the child’s own view counts.",
  "later.child": "The child itself: it refuses no more what it refused",
  "later.child.hint":
    "What a child refused ends by its own word alone. What the guardian agreed to for that agency ends with it: ask the guardian anew afterwards, and send anew.",
  "later.childs_no": "The child refused this. Only its own word ends that.",
  "later.as_before": "It stays as it is",
  "later.recorded": "Recorded. It counts from now on.",
  "later.waits": "No connection. It is signed and kept here, locked; it is recorded once, when the line is back.",
  "later.waits.take_back":
    "Not taken back yet: no connection. It is signed and kept here, locked, and done once, when the line is back. Until then the agencies can read it: call them.",
  "later.returned": "Not recorded. {why}",
  "later.overtaken":
    "Meanwhile it was decided otherwise: this is what stands now. Nothing of yours was recorded and nothing is lost. Read it to the person again.",
  "later.filled_in": "Something was filled in and not recorded.",
  "later.discard": "Drop it",
  "later.nothing_changed": "Nothing is otherwise than it stands",
  "later.no_evidence":
    "Everything is refused to everybody: all that is kept of her goes then, and evidence with it. Go on without it.",
  "later.over": "Everything was taken back. Nothing of it is left, here neither.",
  "later.by_her_code": "{agency}: she took back with her code: {sections}.",
  "later.by_her_code.for": "For: {purposes}.",
  "later.everything": "everything",
  "later.versions": "Earlier versions stay in the log; none is ever changed.",
  "later.version": "Version {version} · signed {at}",
  "later.run_out": "ended on {day}",
  "later.nothing_said": "{agency}: nothing is agreed and nothing is refused.",
  "later.ended":
    "It has ended for: {agencies}. What was sent there is gone; a renewal does not bring it back. Once the person agrees, it has to be sent anew.",
  "send.next":
    "The person is asked again: what she says becomes the next version of what she decided before, recorded as it is sent. Her code stays as it is.",
  "later.anew": "Send it anew",
  "later.take_back": "Take back",
  "later.from": "From whom does she take it back?",
  "later.from.all": "From everybody",
  "later.needs_from": "Choose from whom",
  "later.what": "What does she take back?",
  "later.what.all": "Everything",
  "later.what.sections": "Some parts",
  "later.what.purposes": "For some purposes",
  "later.needs_which": "Choose what",
  "later.code": "Another code for the person",
  "later.code.about": "For a card that was lost, or for whoever took no code. It is shown once, here.",
  "later.code.dead": "The old code shows nothing from then on. It can still take back.",
  "later.code.replace": "Replace the code",
  "decisions.title": "What was agreed",
  "decisions.recorded": "Recorded by {agency}, last on {day}.",
  "decisions.printed": "As it stood at {moment} (Ulaanbaatar).",
  "decisions.how_to_withdraw":
    "With the code that she was given, at any time and by herself; or at the agency that recorded it.",
  "later.code.made": "Where it is made",
  "later.code.here": "Here",
  "later.code.here.hint": "Your agency sees it, once. Tell the person that.",
  "later.code.own": "On the person’s own phone",
  "later.code.own.hint":
    "Nobody else sees it. The page of the card makes it, and shows 14 groups of letters and digits.",
  "later.code.part": "What the phone shows (14 groups)",
  "later.code.slip": "One letter is not right. Compare group by group.",
  "later.code.used": "This code was used before. Have another one made on the phone.",
  "later.record": "Her record",
  "later.record.save": "Save as a file for others (JSON)",
  "later.record.print": "Print",
  "later.then.goes": "Keys and text go at once and can’t be brought back. The agency sees it at once.",
  "later.then.owes": "Whoever had opened it owes a signed deletion of its copies.",
  "later.then.closing": "A service under way can still be closed, without content.",
  "later.then.ours":
    "What was sent is gone for your own agency, too, and evidence with it. A service under way can still be closed, without content.",
};
