"""Recording what a person decided, and the decisions that rule a referral (protocol §7)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from agencies import clock, directory
from agencies.signing_in import Actor
from audit import log
from notifications import feed
from ortoo.protocol import consent as rule
from ortoo.protocol import documents, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import Document, unb64
from ortoo.protocol.errors import Refused, naming
from ortoo.protocol.referral import WHO_SENDS
from ortoo.protocol.sealing import Blobs, check_blobs
from referrals import access, enforcing, files, receipt_keys, sealed, standing
from referrals.enforcing import Lost
from referrals.models import Consent, Decision, Referral, SealedSet, Withdrawal
from referrals.rule import may_read

Signed = Document[schemas.Consent]
COORDINATE: Final = "coordinate"
WARNED_BEFORE: Final = timedelta(days=7)
UNTOLD: Final = timedelta(days=365)  # of an exception, at most
MOST_EVIDENCE: Final = 64  # decisions of a consent that evidence was given with


def record(actor: Actor, handed_in: Sequence[tuple[str, Blobs]]) -> list[Decision]:
    """Take in decisions with the evidence of them, all or none, and give them as they are kept.

    Idempotent: what is there already with the same bytes is given again.

    Raises:
        Refused: with a code of protocol §13 that names the decision (`consent`, `to`) at fault.
    """
    if not 1 <= len(handed_in) <= rule.MAX_DECISIONS:
        raise Refused("limit_exceeded", field="decisions", most=rule.MAX_DECISIONS)
    signed = [_read(actor, item, envelope) for item, (envelope, _) in enumerate(handed_in)]
    kept = Decision.objects.in_bulk([one.hash for one in signed], field_name="sha256")
    now = clock.now()
    evidence: dict[bytes, Blobs] = {}
    for one, (_, blobs) in zip(signed, handed_in, strict=True):
        with _naming(one):
            if one.hash not in kept:
                _verify(one, now)
            evidence[one.hash] = _checked(one, blobs, is_new=one.hash not in kept)
    with transaction.atomic():
        current = directory.held()
        _open_consents(signed)
        decisions = lock({one.body.consent for one in signed})
        kept = Decision.objects.in_bulk([one.hash for one in signed], field_name="sha256")
        fresh = [one for one in signed if one.hash not in kept]
        renewed = {one.body.consent for one in fresh if one.body.version > 1}
        lost = _enforced(renewed, decisions, now)  # what had run out before is gone, and is not renewed
        for one in fresh:
            with _naming(one):
                current.check_current(one)
                if one.body.author.agency != one.body.recorder:
                    access.must_not_be_suspended(one.body.author.agency)  # it decides for nobody, and asks of nobody
                known = decisions.get(one.body.consent, Decisions.of([]))
                author = current.now().agency(one.body.author.agency)
                rule.check_version(one.body, known, at=now, author_kind=author.kind if author else "")
                _check_exception(actor, one.body, known)
                if one.body.sealed is not None:
                    access.must_not_be_suspended(one.body.recorder)
                decisions[one.body.consent] = Decisions.of([*known.newest.values(), one], known.withdrawals)
        sets = _store(actor, fresh, evidence)
        for one in fresh:
            kept[one.hash] = _keep(one, sets.get(one.hash), now)
        new = {one.body.consent for one in fresh}
        for id in sorted(new):
            receipt_keys.follow(id, decisions[id])
        again = _enforced(new, decisions, now)
        lost |= {pk: one for pk, one in again.items() if one.by_recipient or pk not in lost}
        log.queue(one.hash for one in fresh)
        if new:
            moved = {one.pk: one for one in standing.turned_down(renewed)}
            moved |= {pk: one.referral for pk, one in lost.items()}
            standing.follow(list(moved.values()), now)
        if lost:
            feed.tell(enforcing.news(lost.values()), at=now)
    return [kept[one.hash] for one in signed]


def _enforced(consents: Iterable[str], decisions: Mapping[str, Decisions], now: datetime) -> dict[UUID, Lost]:
    """Of what was sent under these consents, that of which somebody has lost something by these decisions."""
    return {one.referral.pk: one for id in sorted(consents) for one in enforcing.enforce(id, decisions[id], at=now)}


def lock(consents: Iterable[str]) -> dict[str, Decisions]:
    """Lock the rows of these consents, in one order for all, and give their newest decisions by consent id."""
    return newest(_locked(consents))


def lock_known(consents: Iterable[str], agency: str, kind: str, *, at: datetime) -> dict[str, Decisions]:
    """The same, as far as an agency (of `kind`) may learn of them (`known_to`).

    What it may not learn is neither read nor locked (a lock is a write), and what is not there is looked for as what
    is: another's consent takes no longer than none.
    """
    wanted = sorted(set(consents))
    on_it = Q(to__in=(agency, f"kind:{kind}", rule.ALL)) | Q(author=agency)
    told = Exists(Decision.objects.filter(on_it, consent=OuterRef("pk"), newest=True))
    _locked(wanted, Q(told) | Q(recorder=agency))
    known = newest(wanted, on_it | Q(consent__recorder=agency))
    grantee = [id for id, one in known.items() if _holds(agency, kind, one, at) and not _is_recorder(agency, one)]
    return known | (newest(grantee) if grantee else {})


def _locked(consents: Iterable[str], which: Q | None = None) -> list[str]:
    meant = Consent.objects.filter(which or Q(), pk__in=sorted(set(consents)))
    rows = meant.select_for_update(of=("self",)).order_by("pk")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def _holds(agency: str, kind: str, decisions: Decisions, at: datetime) -> bool:
    """Whether it is the recorder, or holds a grant that lives."""
    return bool(may_read(["note"], agency, kind, decisions, at))


def _is_recorder(agency: str, decisions: Decisions) -> bool:
    return any(one.body.recorder == agency for one in decisions.newest.values())


def newest(consents: Iterable[str], which: Q | None = None) -> dict[str, Decisions]:
    """The newest decisions of these consents, all or those that are meant, and what was withdrawn. Two queries."""
    found: dict[str, list[Signed]] = {str(one): [] for one in consents}
    of_these = Decision.objects.filter(which or Q(), consent_id__in=list(found), newest=True)
    rows = of_these.values_list("consent_id", "envelope", "consent__overturned_at")
    overturned: dict[str, rule.Withdrawal] = {}
    for consent, envelope, overturned_at in rows:
        decision = documents.read(envelope, schemas.Consent)
        found[str(consent)].append(decision)
        if overturned_at is not None:
            overturned[str(consent)] = rule.Withdrawal.overturned(decision.body)
    withdrawn = _withdrawals(found)
    for consent, everything in overturned.items():
        withdrawn[consent].append(everything)
    return {id: Decisions.of(signed, withdrawn[id] if signed else ()) for id, signed in found.items()}


def _withdrawals(consents: Iterable[str]) -> dict[str, list[rule.Withdrawal]]:
    """What was taken back under these consents by the person herself. One query, whatever there is."""
    found: dict[str, list[rule.Withdrawal]] = {id: [] for id in consents}
    rows = Withdrawal.objects.filter(consent_id__in=list(found)).order_by("pk")
    for consent, envelope in rows.values_list("consent_id", "envelope"):
        found[str(consent)].append(rule.Withdrawal.by_receipt(documents.read(envelope, schemas.Receipt)))
    return found


def taken_back(actor: Actor, consent: Consent) -> list[str]:
    """What the person took back with her code, as it was signed: whom it names is the recorder's alone to see."""
    if consent.recorder_id != actor.agency:
        return []
    rows = Withdrawal.objects.filter(consent=consent).order_by("pk")
    return list(rows.values_list("envelope", flat=True))


def overturn(referral: Referral, decisions: Decisions, at: datetime) -> list[Lost]:
    """A reviewer says that there was no ground: access under the whole consent ends, but for recorder and reviewer.

    The consent's row is locked by the caller. Gives what somebody has lost.
    """
    Consent.objects.filter(pk=referral.consent_id).update(overturned_at=at)
    everything = rule.Withdrawal.overturned(decisions.newest[referral.recipient_id].body)
    taken_back = Decisions(decisions.newest, [*decisions.withdrawals, everything])
    return enforcing.enforce(str(referral.consent_id), taken_back, at=at)


def known_to(agency: str, kind: str, decisions: Decisions, *, at: datetime) -> Decisions:
    """What an agency (of `kind`) may learn of a consent by asking the rule (protocol §7, Who sees it).

    The recorder, and whoever holds a grant that lives, is told the rule's answer on any agency that it names. To
    anybody else a consent of which it knows the id is as if it held nothing but the decisions on and by that agency.
    """
    if _holds(agency, kind, decisions, at):
        return decisions
    own = {to: one for to, one in decisions.newest.items() if agency in (to, one.body.author.agency)}
    return Decisions(own, [one.on(agency) for one in decisions.withdrawals])


def ruling(referrals: Sequence[Referral]) -> dict[UUID, Decision]:
    """The newest decision on each referral's recipient, which both its agencies may see. One query."""
    rows = Decision.objects.filter(consent__in={one.consent_id for one in referrals}, newest=True)
    by_addressee = {(one.consent_id, one.to): one for one in rows}
    return {
        one.pk: by_addressee[one.consent_id, one.recipient_id]
        for one in referrals
        if (one.consent_id, one.recipient_id) in by_addressee
    }


def visible(actor: Actor, consents: Iterable[UUID]) -> Mapping[UUID, list[Decision]]:
    """The newest decisions of these consents that the actor may see: all of them for whoever may coordinate now."""
    found: dict[UUID, list[Decision]] = {one: [] for one in consents}
    own = access.decisions_of(actor).filter(consent_id__in=list(found), newest=True)
    coordinated = _coordinated(actor, [one for one in own if one.to == actor.agency])
    seen = own if not coordinated else own | Decision.objects.filter(consent_id__in=coordinated, newest=True)
    for decision in seen.order_by("to"):
        found[decision.consent_id].append(decision)
    return found


def _coordinated(actor: Actor, own: Iterable[Decision]) -> list[UUID]:
    """Under which of these consents the actor's agency has the live purpose `coordinate` (protocol §7)."""
    bodies = {one.consent_id: documents.read(one.envelope, schemas.Consent).body for one in own}
    named = [id for id, body in bodies.items() if body.granted and COORDINATE in body.granted.purposes]
    state = directory.in_force().now().agency(actor.agency)
    if not named or state is None or state.suspended:
        return []
    decisions, at = newest(str(id) for id in named), clock.now()
    return [id for id in named if _coordinates(actor.agency, state.kind, decisions[str(id)], at)]


def _coordinates(agency: str, kind: str, decisions: Decisions, at: datetime) -> bool:
    try:
        return COORDINATE in rule.may_read(decisions, agency=agency, kind=kind, part="note", at=at)
    except Refused:
        return False


def _read(actor: Actor, item: int, envelope: str) -> Signed:
    """Form: what can be said without looking anything up."""
    with naming(item=item):  # where it cannot be read it has no id to be named by
        one = documents.read(envelope, schemas.Consent)
    with _naming(one):
        access.must_be_author(actor, one.body.author.agency, one.body.author.member)
    return one


_NOTHING = schemas.Sealed(parts=[], readers=[], keys=[])


def _checked(one: Signed, blobs: Blobs, *, is_new: bool) -> Blobs:
    """What is sealed beside a decision, with its files, once all of it was found to be right."""
    listed, agency = one.body.sealed or _NOTHING, one.body.author.agency
    blobs = files.named_in(agency, listed, blobs) if is_new else files.taken_before(agency, listed, blobs)
    check_blobs(listed, blobs)
    files.check_none_beside(blobs)
    return blobs


def _verify(one: Signed, now: datetime) -> None:
    current = directory.in_force()
    current.check_signed(one, WHO_SENDS)
    directory.check_signed_head(one.body.directory)
    current.check_current(one)
    for field, handle in (("recorder", one.body.recorder), ("to", one.body.to)):
        by_name = handle != rule.ALL and not handle.startswith("kind:")
        if by_name and current.now().agency(handle) is None:
            raise Refused("not_found", "The directory has no such agency.", field=field)
    rule.check_decision(one.body)
    documents.check_clock(one.body.at, now)


def _check_exception(actor: Actor, body: schemas.Consent, known: Decisions) -> None:
    """One ground and one reviewer under one consent; later versions prolong nothing beyond 30 days of the first; what
    was refused before is known to who says so.
    """
    if body.exception is None:
        return
    for other in known.newest.values():
        if other.body.exception is not None and other.body.exception.reviewer != body.exception.reviewer:
            raise Refused("basis_not_allowed", "Its reviewer stays who it was.", field="exception.reviewer")
        if other.body.basis != body.basis:
            raise Refused("basis_not_allowed", "Its ground stays what it was.", field="basis")
        if other.body.exception is not None and _is_told(body) > _is_told(other.body):
            raise Refused("basis_not_allowed", "When she is told is not put off.", field="exception.tell_after")
    if _is_told(body) - documents.instant(body.at) > UNTOLD:
        raise Refused("basis_not_allowed", "She is told within a year.", field="exception.tell_after")
    first = Decision.objects.filter(consent=body.consent, to=body.to, version=1).values_list("envelope", flat=True)
    for envelope in first:
        rule.check_exception(body, documents.instant(documents.read(envelope, schemas.Consent).body.at))
    named = body.exception.overrides
    if named is not None:
        known = access.decisions_of(actor).filter(consent=named.consent, to=named.to, sha256=unb64(named.sha256))
        if not known.exists():
            raise Refused("not_found", "There is no such decision, or it is not yours to see.", field="overrides")


def _is_told(body: schemas.Consent) -> datetime:
    """From when on her code tells her of an exception."""
    after = body.exception.tell_after if body.exception is not None else None
    return documents.instant(after) if after is not None else datetime.min.replace(tzinfo=UTC)


def _open_consents(signed: Sequence[Signed]) -> None:
    """Under a new id the recorder alone can begin; another's decision under one is refused as under no other."""
    for one in sorted(signed, key=lambda one: one.body.consent):
        if one.body.author.agency != one.body.recorder:
            continue
        Consent.objects.get_or_create(id=one.body.consent, defaults={"recorder_id": one.body.recorder})


def _store(actor: Actor, fresh: Sequence[Signed], evidence: Mapping[bytes, Blobs]) -> dict[bytes, SealedSet]:
    """Keep the evidence, by H of its decision."""
    given = [(one, one.body.sealed) for one in fresh if one.body.sealed is not None]
    for id, more in Counter(one.body.consent for one, _ in given).items():
        if Decision.objects.filter(consent=id, sealed__isnull=False).count() + more > MOST_EVIDENCE:
            raise Refused("limit_exceeded", field="sealed", most=MOST_EVIDENCE, consent=id)
    sets = sealed.store(actor.agency, [(listed, evidence[one.hash]) for one, listed in given])
    return {one.hash: kept for (one, _), kept in zip(given, sets, strict=True)}


def _keep(one: Signed, evidence: SealedSet | None, now: datetime) -> Decision:
    body = one.body
    Decision.objects.filter(consent_id=body.consent, to=body.to, newest=True).update(
        newest=False, warn_at=None, ends_at=None
    )
    return Decision.objects.create(
        consent_id=body.consent,
        to=body.to,
        version=body.version,
        author_id=body.author.agency,
        sha256=one.hash,
        envelope=one.envelope,
        accepted_at=now,
        warn_at=_warn_at(body, now),
        ends_at=enforcing.ends_at(body),
        sealed=evidence,
        evidence_until=now + timedelta(days=body.retain_days) if evidence is not None else None,
    )


def _warn_at(body: schemas.Consent, now: datetime) -> datetime | None:
    """A week before it ends; at the half of one that lasts less than two."""
    if body.granted is None:
        return None
    until = documents.instant(body.granted.until)
    return max(until - WARNED_BEFORE, now + (until - now) / 2)


def _naming(one: Signed) -> AbstractContextManager[None]:
    return naming(consent=one.body.consent, to=one.body.to)
