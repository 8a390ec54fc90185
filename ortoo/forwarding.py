"""Passing on what the own agency was sent to a third one (protocol §9), and the chain that comes of it.

    sent = await forwarding.forward(session, id, "mgec", ["needs", "safety"])

What goes on is opened here and sealed anew, its files with it, under the decision on the third agency, which its sender
is told by asking for that agency by name. The recorder is told; whatever ends the consent ends every link.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo import contract
from ortoo.drafting import Draft
from ortoo.protocol import referral as sealing
from ortoo.protocol import schemas
from ortoo.protocol.attachments import SealedFile
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import Document, b64, ctx, new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import expand
from ortoo.protocol.sealing import base
from ortoo.reading import Link, Referral, in_order, needed_size
from ortoo.session import REMADE, TRIES, Opened, Session


@dataclass(frozen=True)
class Onward:
    """What would go on: to whom, which sections, which of their files (by the part's name), under which decision."""

    of: Referral
    to: str
    sections: tuple[str, ...]
    files: tuple[str, ...]
    decision: Document[schemas.Consent]


async def forward(
    session: Session, id: str, to: str, sections: Sequence[str], files: Sequence[str] | None = None
) -> Referral:
    """Send these sections of a referral that the own agency was sent to the agency `to`.

    files: those that go with them, by the part's name (`needs/file-1`); None: all that these sections have.
    Opens the referral, in the member's own name. Repeated after a lost answer, or at the same moment, it is one.
    Raises Refused: `not_found`, `step_illegal`, `grant_missing` (also where the own agency does not read the section),
    another code of the rule, or what is wrong with a file.
    """
    key = _key(session, id, to, sections, files)
    async with session.in_turn(key) as turn:
        if turn.became:
            return await session.show(turn.became[0])
        kept = session.drafts.find(key)
        if kept is not None:
            return (await session.submit(kept, turn=turn))[0]
        for tries in range(TRIES):
            draft = await _draft(session, await forwarding(session, id, to, sections, files), files)
            try:
                return (await session.submit(draft, turn=turn))[0]
            except Refused as refused:
                if refused.code not in REMADE or tries == TRIES - 1:
                    raise
                await session.sync()
    raise Refused("directory_stale", referral=id)


async def forwarding(
    session: Session, id: str, to: str, sections: Sequence[str], files: Sequence[str] | None = None
) -> Onward:
    """What `forward` would send, for a person to see it before. Nothing is sealed, nor opened, yet."""
    of = await session.show(id)
    if of.as_ != "recipient":
        raise Refused("not_found", "Only what the own agency was sent is passed on.", referral=id)
    parts = tuple(in_order(sections))
    there = [part for event, part in of.files if event is None]
    chosen = tuple(part for part in there if base(part) in parts and (files is None or part in files))
    for one in files or ():
        if one not in chosen:
            raise Refused("not_found", "The sections that go on have no such file.", part=one)
    answer = await session.client.onward(id, to, parts)
    if needed_size(answer) > session.directory.size:
        await session.sync()
    body = of.decision.body
    known = session.verified_decisions(contract.Consent(id=body.consent, recorder=body.recorder, decisions=[answer]))
    decision = known.newest.get(to)
    if decision is None:
        raise Refused("authority_mismatch", field="authority", reader=to)
    return Onward(of, to, parts, chosen, decision)


async def chain(session: Session, consent: str) -> list[Link]:
    """All that was sent under a consent that the own agency has recorded, by whomever, each header verified.

    Raises Refused: `not_found` where it is not the recorder.
    """
    answers = await session.client.chain(consent)
    if answers is None:
        raise Refused("not_found", consent=consent)
    if needed_size(*answers) > session.directory.size:
        await session.sync()
    return session.verified_links(consent, answers)


async def _draft(session: Session, onward: Onward, asked: Sequence[str] | None) -> Draft:
    """Sealed anew from what opens now, checked as the hub will, and kept until it is accepted."""
    opened = await session.open_referral(onward.of.id)
    read = {part.name: part.section.fields for part in opened.parts if part.section is not None}
    for name in onward.sections:
        if name not in read:
            raise Refused("grant_missing", part=name, reader=session.identity.agency)
    id, of = new_id(), onward.of
    files = await _files(session, opened, onward, id)
    signer, at = session.signer, session.now()
    keys = await session.public_keys(_readers(session, onward))
    sealed = sealing.seal(
        signer,
        id=id,
        to=onward.to,
        routing=of.routing,
        decision=onward.decision,
        texts={
            name: sealing.section_text(name, read[name], [one.said for one in files if base(one.said.part) == name])
            for name in onward.sections
        },
        files=files,
        public_keys=keys,
        at=at,
        parent=schemas.Named(id=of.id, sha256=of.document.sha256),
    )
    known = Decisions.of([opened.referral.decision, onward.decision])
    sealing.check(sealed, session.directory, known, now=at)
    draft = Draft(_key(session, of.id, onward.to, onward.sections, asked), (), (sealed,))
    session.drafts.keep(draft)
    return draft


async def _files(session: Session, opened: Opened, onward: Onward, id: str) -> list[SealedFile]:
    """Those that go on, sealed for the referral `id`: counted anew, so that nobody learns whether others stayed.

    Raises Refused where a section no more describes one of them; and what is wrong with one.
    """
    binding = sealing.binding(session.signer, id, onward.decision)
    files: list[SealedFile] = []
    try:
        for part in opened.parts:
            chosen = [one for one in part.files if one.said.part in onward.files]
            for n, one in enumerate(chosen, 1):
                files.append(await session.seal_anew(one, f"{part.name}/file-{n}", binding))
        if len(files) != len(onward.files):
            raise Refused("cannot_open", "A file that should go on is described by no section.")
    except BaseException:
        session.drafts.forget_files(one.stored.sha256 for one in files)
        raise
    return files


def _readers(session: Session, onward: Onward) -> set[str]:
    exception = onward.decision.body.exception
    return {session.identity.agency, onward.to, *({exception.reviewer} if exception else ())}


def _key(session: Session, id: str, to: str, sections: Sequence[str], files: Sequence[str] | None) -> str:
    """A name for this passing on of this member, which says nothing to whoever does not have the member's key."""
    signer = session.signer
    chosen = ("all",) if files is None else ("these", *in_order(files))
    named = ("forward", id, to, *in_order(sections), *chosen)
    return b64(expand(signer.key.seed, ctx("draft", signer.member, *named)))
