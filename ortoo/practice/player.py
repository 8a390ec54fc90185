"""Plays a scenario against a running practice hub, step by step, each member with its own keys and session.

A scenario is a form with `events`: who does what, and what must be seen. A verb that this version does not know stops
the play: it is never passed over.
"""

import asyncio
import json
import math
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ortoo import administration, consenting, drafting, forwarding, hours, practice, receipts
from ortoo.attached import Attached, clean_name
from ortoo.client import Client, HubError
from ortoo.days import ULAANBAATAR
from ortoo.drafting import Draft
from ortoo.form import Form, FormError, Grant
from ortoo.practice import photo
from ortoo.protocol import referral as sealing
from ortoo.protocol import schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import SealedReferral, Signer
from ortoo.reading import Referral
from ortoo.session import Session, SignedStep

Event = Mapping[str, Any]

EVENTS_AT_MOST: Final = 500


@dataclass(frozen=True)
class Seen:
    """What a step came to: a word or words to hold against what was expected; `remark` is for people."""

    what: str
    remark: str | None = None  # a key of the catalogue


@dataclass(frozen=True)
class Played:
    """A step that was played. problem: `differs`, `not_built`, or None where it went as expected."""

    place: int  # 1, 2, 3 …
    by: str
    verb: str
    expected: str
    seen: str
    problem: str | None
    remark: str | None = None


@dataclass(frozen=True)
class Scenario:
    title: str
    form: Form
    sender: str
    events: tuple[Event, ...]
    sent_at: datetime | None = None  # the weekday and hour at which it begins; None: any time

    @classmethod
    def read(cls, path: Path) -> "Scenario":
        """Raises FormError."""
        form = Form.read(path)
        value = json.loads(path.read_text(encoding="utf-8"))
        events = value.get("events")
        if form.sender is None:
            raise FormError("sender", "missing")
        if not isinstance(events, list) or not 1 <= len(events) <= EVENTS_AT_MOST:
            raise FormError("events", "missing")
        for place, event in enumerate(events):
            if not isinstance(event, dict) or not all(isinstance(event.get(name), str) for name in ("by", "do")):
                raise FormError(f"events[{place}]", "not_an_object")
        try:
            sent_at = datetime.fromisoformat(value["sent_at"]) if "sent_at" in value else None
        except (TypeError, ValueError):
            raise FormError("sent_at", "malformed") from None
        return cls(str(value.get("title", path.stem)), form, form.sender[1], tuple(events), sent_at)


class Player:
    """One play of one scenario."""

    def __init__(self, scenario: Scenario, hub: str, folder: Path) -> None:
        """folder: the practice folder, which holds everybody's keys."""
        self.scenario, self._hub, self._folder = scenario, hub, folder
        self._stack = AsyncExitStack()
        self._sessions: dict[str, Session] = {}
        self._sent: list[tuple[str, str]] = []  # (recipient, referral id), in the order of sending
        self._code: str | None = None  # the person's

    async def play(self, report: Callable[[Played], None]) -> bool:
        """Whether all went as expected. Stops at the first step that did not: later ones rest on it."""
        async with self._stack:
            if self.scenario.sent_at is not None:
                session = await self._session(self.scenario.sender)
                moment = begins(self.scenario.sent_at, session.now())
                await self._move(session, math.ceil((moment - session.now()).total_seconds()))
            for place, event in enumerate(self.scenario.events, 1):
                played = await self._step(place, event)
                report(played)
                if played.problem:
                    return False
            return True

    async def _step(self, place: int, event: Event) -> Played:
        verb, expected = event["do"], _expected(event)
        act = _VERBS.get(verb)
        if act is None:
            return Played(place, event["by"], verb, expected, "-", "not_built")
        try:
            seen = await act(self, event)
        except Refused as refused:
            seen = Seen(_state_of(refused) if "expect" in event else refused.code)
        except HubError as error:
            seen = Seen(error.code)
        problem = None if seen.what == expected else "differs"
        return Played(place, event["by"], verb, expected, seen.what, problem, seen.remark)

    async def _session(self, handle: str) -> Session:
        """The member's session, with a memory for plays alone, so that nobody's own is mixed up with it."""
        if handle not in self._sessions:
            identity = practice.identity(handle, self._folder)
            opened = Session.open(identity, self._hub, practice.state_folder(self._folder) / "plays")
            self._sessions[handle] = await self._stack.enter_async_context(opened)
        return self._sessions[handle]

    # --- the sender's verbs -------------------------------------------------------------------------------------------

    async def send(self, event: Event) -> Seen:
        session, form = await self._session(event["by"]), self.scenario.form
        if "expect_error" in event:
            return await self._hand_in_raw(session, form)
        sent = await self._send(session, form)
        return Seen(_set_of({one.state for one in sent})) if "expect" in event else Seen("done")

    async def _send(self, session: Session, form: Form) -> Sequence[Referral]:
        """Send it anew, with a code for the person as she wants it."""
        given = receipts.wanted(form.consent.receipt_mode)
        key = given.key(session.directory.id) if given is not None else None
        sent = await session.submit(await session.draft(form, receipt=key), form)
        self._code = given.code if given is not None else None
        self._accepted(sent)
        return sent

    async def second(self, event: Event) -> Seen:
        """The second signature on all that was sent without consent."""
        session = await self._session(event["by"])
        states = {(await session.second(id)).state for _, id in self._sent}
        return Seen(_set_of(states) if "expect" in event else "done")

    async def review_exception(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.review(self._sent[0][1], event["verdict"])
        return Seen("done")

    async def send_with(self, event: Event) -> Seen:
        session, form = await self._session(event["by"]), self.scenario.form
        match event["change"]:
            case {"drop_recipient": str(agency)}:
                form = replace(form, recipients=tuple(one for one in form.recipients if one != agency))
            case {"append": {"section": str(section), "field": str(name), "text": str(text)}}:
                fields = {**form.sections[section], name: f"{form.sections[section].get(name, '')}{text}"}
                form = replace(form, sections={**form.sections, section: fields})
            case {"add_key": {"to": str(agency), "section": str(section)}}:
                return await self._hand_in_raw(session, form, added={agency: section})
            case {"stale_directory": True}:
                await session.sync()
                return await self._hand_in_raw(session, form, before_newest=True)
            case _:
                raise FormError("events.change", "unknown_field")
        if "expect_error" in event:
            return await self._hand_in_raw(session, form)
        await self._send(session, form)
        return Seen("done")

    async def _hand_in_raw(
        self,
        session: Session,
        form: Form,
        *,
        added: Mapping[str, str] | None = None,
        before_newest: bool = False,
    ) -> Seen:
        """Seal without checking anything and hand it to the hub: the hub has to refuse it, and does so whole."""
        decisions = drafting.decide(form, session.signer, at=session.now())
        signer = _before_newest(session.signer) if before_newest else session.signer
        keys = await session.public_keys(drafting.agencies_in(form, signer.agency), signer.directory)
        view = signer.directory.now()
        wholes = []
        for to in form.recipients:
            agency = view.agency(to)
            parts = [*form.parts_for(to, agency.kind if agency else "")]
            if added and to in added:
                parts.append(added[to])
            decision = next(one for one in decisions if one.body.to == to)
            wholes.append(_sealed(session, signer, form, to, parts, decision, keys))
        draft = Draft("", decisions, tuple(wholes))
        await session.client.record_consent(draft.sealed_decisions)
        return await self._send_raw(session, draft)

    async def _send_raw(self, session: Session, draft: Draft) -> Seen:
        await session.client.send_referrals(draft.sealed_referrals)
        self._sent += [(one.document.body.to, one.document.body.id) for one in draft.referrals]
        return Seen("done")

    async def resend(self, event: Event) -> Seen:
        session, form, to = await self._session(event["by"]), self.scenario.form, event["to"]
        first = self._sent[0][1]
        if "expect_error" not in event:
            return self._accepted([await session.resend(form, to, first)])
        return await self._resend_raw(session, form, to, first)

    async def _resend_raw(self, session: Session, form: Form, to: str, of: str) -> Seen:
        """As a client would that sends, whatever the rule says: the hub has to refuse it."""
        earlier = await session.show(of)
        decisions = await session.decisions(earlier.document.body.authority.consent)
        agency = session.directory.now().agency(to)
        try:
            kind = agency.kind if agency else ""
            parts = drafting.parts_allowed(form, to, kind, decisions, at=session.rule_time())
        except Refused:
            parts = ()
        keys = await session.public_keys((session.identity.agency, to))
        decision = decisions.newest.get(to) or _any_of(decisions)
        whole = _sealed(session, session.signer, form, to, parts, decision, keys)
        return await self._send_raw(session, Draft("", (), (whole,)))

    async def new_consent_version(self, event: Event) -> Seen:
        """The next version of the decision on each agency named, under the consent of this play."""
        session = await self._session(event["by"])
        first = await session.show(self._first_seen_by(session))
        grants = {
            one["to"]: Grant(tuple(one["sections"]), tuple(one["purposes"]), one["days"])
            for one in event.get("grants", ())
        }
        refusals = {one["to"]: tuple(one["sections"]) for one in event.get("refusals", ())}
        await consenting.new_version(session, first.decision.body.consent, grants, refusals)
        return Seen("done")

    async def alternatives(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        named = {one.agency for one in await session.alternatives(self._addressed(session, event.get("to")))}
        includes, excludes = {*event.get("expect_includes", ())}, {*event.get("expect_excludes", ())}
        return Seen(_with_and_without(includes & named, excludes - named))

    async def recall(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.recall(self._newest(event["to"]), event["reason"], event.get("note"))
        return Seen("done")

    def _accepted(self, sent: Sequence[Any]) -> Seen:
        self._sent += [(one.recipient, one.id) for one in sent]
        return Seen("done")

    # --- a recipient's verbs ------------------------------------------------------------------------------------------

    async def list(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        mine = {id for _, id in self._sent}
        after: str | None = None
        while True:
            page = await session.inbox(after=after)
            if any(one.id in mine for one in page.items):
                return Seen("listed")
            if page.after is None:
                return Seen("nothing")
            after = page.after

    async def open(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        opened = await session.open_referral(self._newest_for(session))
        readable = [part.name for part in opened.parts if part.status == "readable"]
        if "expect" in event:
            return Seen(opened.referral.state if not readable else "readable")
        leaked = sorted(set(readable) & set(event.get("expect_refused", ())))
        return Seen(_set_of(readable) + (f" · leaked: {_set_of(leaked)}" if leaked else ""))

    async def acknowledge(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.acknowledge(self._newest_for(session))
        return Seen("done")

    async def accept(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.accept(self._newest_for(session), event.get("note"))
        return Seen("done")

    async def decline(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.decline(self._newest_for(session), event["reason"], event.get("note"))
        return Seen("done")

    async def hand_back(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.hand_back(self._newest_for(session), event["reason"], event.get("note"))
        return Seen("done")

    async def confirm_deletion(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.confirm_deletion(self._newest_for(session))
        return Seen("done")

    async def ask_more(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.ask_more(self._newest_for(session), event.get("note"))
        return Seen("done")

    async def start(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.start(self._newest_for(session), event.get("note"))
        return Seen("done")

    async def close(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await session.close(self._newest_for(session), event["outcome"], event.get("note"))
        return Seen("done")

    async def message(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        id = self._addressed(session, event.get("to"))
        if "attachment" not in event:
            await session.message(id, event["text"])
            return Seen("done")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / clean_name(event["attachment"]["name"])
            photo.write(path, event["attachment"]["size"])
            attached = Attached.of(path)
            sent = await session.message(id, event["text"], [attached])
            return await self._arrives(sent, attached, Path(folder))

    async def _arrives(self, sent: Referral, attached: Attached, folder: Path) -> Seen:
        """The other side, wherever it has opened before, saves the file: as it was sealed, without its place."""
        others = [one for one in self._sessions.values() if one.identity.agency == sent.counterpart]
        for other in others:
            note = (await other.show(sent.id)).steps[-1].note
            files = note.files if note is not None else ()
            if [one.said.sha256 for one in files] != [attached.sha256]:
                return Seen("nothing")
            saved = await other.save(files[0], folder)
            if saved.stat().st_size != attached.size or not attached.cleaned:
                return Seen("differs")
        return Seen("done", "play.file_arrived" if others else None)

    # --- the person's verbs -------------------------------------------------------------------------------------------

    async def look(self, event: Event) -> Seen:
        """Who can still open something of hers; `nothing` where her code shows nothing."""
        async with Client(self._hub) as client:
            shown = await receipts.look(client, self._her_code())
        if shown.holders is None:
            return Seen("nothing")
        return Seen(_set_of({one.to for one in shown.holders if any(sent.parts for sent in one.referrals)}))

    async def withdraw(self, event: Event) -> Seen:
        wanted = {} if event["scope"] == "all" else event["scope"]
        scope = receipts.scope(wanted.get("agencies"), wanted.get("sections"), wanted.get("purposes"))
        async with Client(self._hub) as client:
            await receipts.withdraw(client, self._her_code(), [scope])
        return Seen("done")

    def _her_code(self) -> str:
        if self._code is None:
            raise Refused("receipt_unknown")
        return self._code

    async def forward(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        of = self._newest_for(session)
        return self._accepted([await forwarding.forward(session, of, event["to"], event["sections"])])

    async def chain(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        first = await session.show(self._first_seen_by(session))
        links = await forwarding.chain(session, first.decision.body.consent)
        return Seen(_set_of({one.recipient for one in links}))

    # --- several at the same moment -----------------------------------------------------------------------------------

    async def together(self, event: Event) -> Seen:
        """Each decides on what all saw before: steps are signed first, and then handed in at once."""
        acts = [await self._about_to(one) for one in event["steps"]]
        ended = await asyncio.gather(*(act() for act in acts), return_exceptions=True)
        errors, others = [], []
        for step, seen in zip(event["steps"], ended, strict=True):
            if isinstance(seen, Refused):
                errors.append(seen.code)
            elif isinstance(seen, BaseException):
                raise seen
            elif seen.what != _expected(step):
                others.append(f"{step['by']}: {seen.what}")
        return Seen(", ".join([*sorted(errors), *others]) or "done")

    async def _about_to(self, event: Event) -> Callable[[], Awaitable[Seen]]:
        """The act, ready to be done; `not_built` as a sight where it is unknown."""
        session, verb = await self._session(event["by"]), event["do"]
        if verb in _SIGNED:
            signed = await session.sign_step(
                self._newest_for(session),
                _SIGNED[verb],
                reason=event.get("reason", event.get("outcome")),
                note=event.get("note"),
            )
            return lambda: _handed_in(session, signed)
        act = _VERBS.get(verb)
        return _unknown if act is None else lambda: act(self, event)

    # --- an administrator's verb --------------------------------------------------------------------------------------

    async def end_member(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        await administration.remove(session, practice.identity(event["member"], self._folder).member)
        return Seen("done")

    # --- the clock's verbs, and a coordinator's -----------------------------------------------------------------------

    async def advance(self, event: Event) -> Seen:
        spans = {"advance_minutes": 60, "advance_hours": 3600, "advance_days": 86_400}
        unit = event["do"].removeprefix("advance_")
        session = await self._session(self.scenario.sender)
        fired = await self._move(session, event[unit] * spans[event["do"]])
        return Seen((_set_of({*fired}) if fired else "nothing") if "expect" in event else "done")

    async def _move(self, session: Session, seconds: int) -> Sequence[str]:
        """Move the network's clock on; what fell due on this play's referrals by that."""
        moved = await session.client.move_practice_clock(seconds)
        for one in self._sessions.values():
            await one.sync()
        mine = {id for _, id in self._sent}
        return [one.kind for one in moved.fired if one.referral in mine]

    async def oversee(self, event: Event) -> Seen:
        session = await self._session(event["by"])
        mine = {id for _, id in self._sent}
        return Seen(_set_of({one.owed.agency for one in await session.client.overdue() if one.referral in mine}))

    # --- which referral -----------------------------------------------------------------------------------------------

    def _first_seen_by(self, session: Session) -> str:
        """The first referral of this play that the member's agency has a part in."""
        own, sender = session.identity.agency, self.scenario.form.sender
        if sender is not None and sender[0] == own:
            return self._sent[0][1]
        return self._newest(own)

    def _newest_for(self, session: Session) -> str:
        """The newest referral of this play to the member's agency; for the reviewing agency the oldest of all."""
        own, exception = session.identity.agency, self.scenario.form.consent.exception
        if exception is not None and exception.reviewer == own:
            return self._sent[0][1]
        return self._newest(own)

    def _addressed(self, session: Session, to: str | None) -> str:
        """The newest to the agency named; else the own agency's, or, for a sender, the newest of all."""
        if to is not None:
            return self._newest(to)
        own = session.identity.agency
        return self._newest(own) if any(agency == own for agency, _ in self._sent) else self._sent[-1][1]

    def _newest(self, agency: str) -> str:
        for recipient, id in reversed(self._sent):
            if recipient == agency:
                return id
        raise Refused("not_found", reader=agency)


_VERBS: Final[Mapping[str, Callable[[Player, Event], Awaitable[Seen]]]] = {
    "send": Player.send,
    "send_with": Player.send_with,
    "list": Player.list,
    "open": Player.open,
    "acknowledge": Player.acknowledge,
    "accept": Player.accept,
    "decline": Player.decline,
    "ask_more": Player.ask_more,
    "start": Player.start,
    "close": Player.close,
    "message": Player.message,
    "alternatives": Player.alternatives,
    "recall": Player.recall,
    "resend": Player.resend,
    "new_consent_version": Player.new_consent_version,
    "hand_back": Player.hand_back,
    "forward": Player.forward,
    "second": Player.second,
    "review_exception": Player.review_exception,
    "chain": Player.chain,
    "confirm_deletion": Player.confirm_deletion,
    "together": Player.together,
    "end_member": Player.end_member,
    "advance_minutes": Player.advance,
    "advance_hours": Player.advance,
    "advance_days": Player.advance,
    "oversee": Player.oversee,
    "look": Player.look,
    "withdraw": Player.withdraw,
}

# A recipient's verbs that are one signed step.
_SIGNED: Final[Mapping[str, str]] = {
    "acknowledge": "acknowledged",
    "accept": "accepted",
    "decline": "declined",
    "ask_more": "more_asked",
    "start": "under_way",
    "hand_back": "handed_back",
    "close": "closed",
}


async def _handed_in(session: Session, signed: SignedStep) -> Seen:
    await session.hand_in(signed)
    return Seen("done")


async def _unknown() -> Seen:
    return Seen("not_built")


def _sealed(
    session: Session,
    signer: Signer,
    form: Form,
    to: str,
    parts: Sequence[str],
    decision: Document[schemas.Consent],
    keys: Mapping[str, bytes],
) -> SealedReferral:
    """A referral of these parts of the form, whatever was decided."""
    return sealing.seal(
        signer,
        id=new_id(),
        to=to,
        routing=drafting.routing_of(form),
        decision=decision,
        texts={part: sealing.section_text(part, form.sections[part]) for part in parts},
        public_keys=keys,
        at=session.now(),
    )


def _any_of(decisions: Decisions) -> Document[schemas.Consent]:
    return next(iter(decisions.newest.values()))


def _expected(event: Event) -> str:
    """What must be seen: an error's code, sections, a word, or that it was done."""
    if "expect_error" in event:
        return str(event["expect_error"])
    if "expect_errors" in event:
        return ", ".join(sorted(event["expect_errors"])) or "done"
    if "expect_sections" in event:
        return _set_of(event["expect_sections"])
    if "expect_holders" in event:
        return _set_of(event["expect_holders"])
    if "expect_overdue" in event:
        return _set_of(event["expect_overdue"])
    if "expect_includes" in event or "expect_excludes" in event:
        return _with_and_without(event.get("expect_includes", ()), event.get("expect_excludes", ()))
    if isinstance(event.get("expect"), list):
        return _set_of(event["expect"])
    return str(event.get("expect", "done"))


def begins(like: datetime, now: datetime) -> datetime:
    """The next moment of the same weekday and hour in Ulaanbaatar, in a week without holidays."""
    local = like.astimezone(ULAANBAATAR)
    day = now.astimezone(ULAANBAATAR).replace(hour=local.hour, minute=local.minute, second=0, microsecond=0)
    day += timedelta(days=(local.weekday() - day.weekday()) % 7)
    while day <= now or any((day + timedelta(days=n)).date() in hours.holidays() for n in range(-6, 8)):
        day += timedelta(days=7)
    return day


def _set_of(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "-"


def _with_and_without(includes: Iterable[str], excludes: Iterable[str]) -> str:
    """Who is among those named, and who is not."""
    return f"{_set_of(includes)}; not {_set_of(excludes)}"


def _state_of(refused: Refused) -> str:
    """The state that a refusal to open tells of."""
    by_code = {"grant_expired": "expired", "consent_withdrawn": "withdrawn"}
    return by_code.get(refused.code, str(refused.at.get("state", refused.code)))


def _before_newest(signer: Signer) -> Signer:
    """The same member as it was before the newest directory entry."""
    old = Directory()
    for entry in signer.directory.entries[:-1]:
        old.append(entry)
    return replace(signer, directory=old)
