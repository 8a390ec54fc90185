"""What a person decides later: wider, narrower, for longer, or not any more (protocol §7). Versions, never edits.

Each takes the newest decisions, signs the next version of those that change, and has all of them recorded together or
none. Two who do so at once: the later one is told (`head_moved`), and looks at what was decided meanwhile.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from ortoo.form import Evidence, Grant
from ortoo.giving import SealedEvidence
from ortoo.protocol import consent, schemas, vocabulary
from ortoo.protocol.consent import ALL, Decisions
from ortoo.protocol.documents import Document, as_set, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import Signer
from ortoo.session import Session

Signed = Document[schemas.Consent]
NOTHING: Final[Mapping[str, Sequence[str]]] = {}


@dataclass(frozen=True)
class Scope:
    """What is taken back: from these agencies (None: from all), these sections or these purposes (None: all).

    Sections and purposes are one or the other: a decision grants all its sections for all its purposes.
    """

    agencies: tuple[str, ...] | None = None
    sections: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.sections is not None and self.purposes is not None:
            raise ValueError("sections or purposes, not both")

    @property
    def is_whole(self) -> bool:
        return self == Scope()


async def new_version(
    session: Session,
    id: str,
    grants: Mapping[str, Grant],
    refusals: Mapping[str, Sequence[str]] = NOTHING,
    given: schemas.Given | None = None,
    evidence: Evidence | None = None,
) -> tuple[Signed, ...]:
    """Record the next version of the decision on each agency named, under the consent `id`; the first where she had
    decided nothing on it. What she had refused stays refused where `refusals` does not name it.

    given: how she said it this time; None: as before. evidence: of that, for the recorder alone; it goes with a new
    version of the decision on everybody, which says what it said (`ortoo.giving`).
    Raises Refused: `not_found`, `consent_author`, `head_moved`, `malformed`; `consent_withdrawn` for evidence where she
    takes or took back everything, with which all that is kept of her goes.
    """
    known = await session.decisions(id)
    changes = {
        to: _Change(
            _granted(grants[to], known, session.now()) if to in grants else None,
            as_set(refusals[to]) if to in refusals else _refused(known, to),
        )
        for to in sorted({*grants, *refusals})
    }
    if evidence is None:
        return await _record(session, known, changes, given)
    everybody = changes.setdefault(ALL, _Change(None, _refused(known, ALL)))
    if everybody.refused == [ALL]:
        raise Refused("consent_withdrawn", consent=id)
    version = known.newest[ALL].body.version + 1 if ALL in known.newest else 1
    return await _record(session, known, changes, given, await session.bring_evidence(evidence, id, version))


async def withdraw(session: Session, id: str, scope: Scope | None = None) -> tuple[Signed, ...]:
    """Record what she takes back, by a narrower version of each decision that it touches (protocol §7, Who signs).

    In whole, she refuses everything to everybody from now on: then what was sent is gone for its sender, too.
    Raises Refused: `not_found` (also where there is nothing that could be taken back), `consent_author`, `head_moved`.
    """
    scope = scope or Scope()
    known = await session.decisions(id)
    for to in scope.agencies or ():
        if to not in known.newest:  # a slip in one of several names would pass unseen
            raise Refused("not_found", "Nothing was decided on this agency.", field="scope.agencies", reader=to)
    changes = {
        to: _narrower(decision.body, scope)
        for to, decision in sorted(known.newest.items())
        if decision.body.granted is not None and (scope.agencies is None or to in scope.agencies)
    }
    changes = {to: one for to, one in changes.items() if one != _Change.of(known.newest[to].body)}
    if scope.is_whole and _refused(known, ALL) != [ALL]:
        changes[ALL] = _Change(None, [ALL])
    if not changes:
        raise Refused("not_found", "Nothing was granted that could be taken back.", consent=id)
    return await _record(session, known, changes, None)


@dataclass(frozen=True)
class _Change:
    granted: schemas.Granted | None
    refused: list[str]

    @classmethod
    def of(cls, body: schemas.Consent) -> "_Change":
        return cls(body.granted, body.refused)


def _granted(grant: Grant, known: Decisions, at: datetime) -> schemas.Granted:
    basis = next(iter(known.newest.values())).body.basis
    return schemas.Granted(
        sections=as_set(grant.sections), purposes=as_set(grant.purposes), until=stamp(grant.until(at, basis))
    )


def _refused(known: Decisions, to: str) -> list[str]:
    return known.newest[to].body.refused if to in known.newest else []


def _narrower(body: schemas.Consent, scope: Scope) -> _Change:
    granted = body.granted
    if granted is None or (scope.sections is None and scope.purposes is None):
        return _Change(None, [ALL])
    if scope.purposes is not None:
        purposes = [one for one in granted.purposes if one not in scope.purposes]
        if not purposes:
            return _Change(None, [ALL])
        return _Change(msgspec.structs.replace(granted, purposes=purposes), body.refused)
    gone = set(scope.sections or ())
    named = list(vocabulary.terms("sections")) if granted.sections == [ALL] else granted.sections
    left = [one for one in named if one not in gone]
    if len(left) == len(named):
        return _Change.of(body)
    if ALL in gone or not left:
        return _Change(None, [ALL])
    refused = body.refused if body.refused == [ALL] else as_set({*body.refused, *gone})
    kept = granted if granted.sections == [ALL] else msgspec.structs.replace(granted, sections=left)
    return _Change(kept, refused)


async def _record(
    session: Session,
    known: Decisions,
    changes: Mapping[str, _Change],
    given: schemas.Given | None,
    evidence: SealedEvidence | None = None,
) -> tuple[Signed, ...]:
    signer, at = session.signer, session.now()
    signed = tuple(_sign(signer, known, to, change, given, evidence, at) for to, change in changes.items())
    await session.hand_in_decisions(signed, evidence)
    return signed


def _sign(
    signer: Signer,
    known: Decisions,
    to: str,
    change: _Change,
    given: schemas.Given | None,
    evidence: SealedEvidence | None,
    at: datetime,
) -> Signed:
    before = known.newest.get(to)
    like = before.body if before is not None else next(iter(known.newest.values())).body
    values: dict[str, Any] = {
        "at": stamp(at),
        "directory": signer.directory.head,
        "author": signer.author,
        "to": to,
        "version": before.body.version + 1 if before is not None else 1,
        "prev": before.sha256 if before is not None else None,
        "granted": change.granted,
        "refused": change.refused,
        "given": given or like.given,
        "sealed": evidence.sealed if evidence is not None and to == ALL else None,
    }
    body = msgspec.structs.replace(like, **values)
    consent.check_decision(body)
    return sign(body, signer.key)
