"""What the attacks of test_codes.py act upon: decisions, referrals in several states, agencies that have changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from ortoo.protocol import receipt, schemas
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, unb64
from ortoo.protocol.keys import MemberSecrets
from ortoo.protocol.referral import SealedReferral, section_text
from ortoo.protocol.sealing import Blobs
from tests.attacks.town import MARK, NEEDS, PracticeTown, handed_in
from tests.protocol.network import again, dumps, envelope_of, plain

IDENTITY: Final = {"identity": section_text("identity", {"given_name": MARK})}
REVIEWED: Final = {"justification": section_text("justification", {"reason": MARK})}
NARA: Final = "mrc.nara"

Change = Callable[[list[Any]], list[Any]]


@dataclass(frozen=True)
class Try:
    """A request that is to be refused. `at`: what its refusal must name beside what its case says."""

    handle: str
    operation: str
    variables: Mapping[str, Any]
    at: Mapping[str, Any] = field(default_factory=dict)


class Stage:
    """Nara of the resource centre decided with somebody whom to tell what. Then the directory has changed:

    legal-clinic           has a new epoch
    mine-khanbogd          is suspended
    aimag-umnugobi         has dropped aum.dulam
    aimag-dornogobi        has new keys for ado.gantulga
    labour-umnugobi        takes no referrals now

    `before` is the size of the directory before all that.
    """

    def __init__(self, town: PracticeTown) -> None:
        self.town = town
        self.decisions: dict[str, Document[schemas.Consent]] = {}
        self.consent = new_id()
        self._decide()
        self.fresh = self._sent("mgec")
        self.opened = self._sent("mgec")
        self.opening, _ = town.open("mgec.delger", self.opened)
        self.declined = self._sent("mgec")
        self.decline, _ = town.take("mgec.delger", self.declined, "declined", reason="no_capacity")
        self.narrowed = self._sent("cfdc-umnugobi")
        self.superseded = self._sent("shelter-sainshand")
        self.to_human_rights = self._sent("nhrcm")
        self.to_suspended = self._sent("mine-khanbogd")
        self.to_renewed = self._sent("aimag-dornogobi")
        self.before = town.directory.size
        self._decide_again()
        self._withdraw()
        self._change_the_directory()

    def _decide(self) -> None:
        for to, sections, more in (
            ("mgec", ["needs", "identity"], {}),
            ("ecpat", ["needs"], {}),
            ("legal-clinic", ["needs"], {}),
            ("nhrcm", ["needs"], {}),
            ("cfdc-umnugobi", ["needs"], {}),
            ("shelter-sainshand", ["needs"], {}),
            ("mine-khanbogd", ["needs"], {}),
            ("aimag-dornogobi", ["needs"], {}),
            ("labour-umnugobi", ["needs"], {}),
            ("hospital-umnugobi", ["needs"], {"until": datetime.now(UTC) - timedelta(minutes=1)}),
            ("hospital-dornogobi", ["needs"], {"refused": ["identity"]}),
            ("kind:police", [], {"refused": ["*"]}),
        ):
            self.decisions[to] = self.town.decide(NARA, to, sections, consent=self.consent, **more)
        self.town.record(NARA, *self.decisions.values())
        self.of_suspended = self.town.decide("mkb.erdene", "mgec", ["needs"])
        self.town.record("mkb.erdene", self.of_suspended)

    def _decide_again(self) -> None:
        """Newer versions: what was granted before is narrowed for one, and the same for the other."""
        self.first_version = self.decisions["shelter-sainshand"]
        for to, sections in (("cfdc-umnugobi", []), ("shelter-sainshand", ["needs"])):
            self.decisions[to] = self.town.decide(NARA, to, sections, after=self.decisions[to])
            self.town.record(NARA, self.decisions[to])

    def _withdraw(self) -> None:
        """What somebody decided and took back by herself, with her code."""
        self.code = SigningKey.generate()
        key = schemas.ReceiptKey(key=b64(self.code.public), mode="full")
        self.taken_back = self.town.decide(NARA, "mgec", ["needs"], receipt=key)
        self.town.record(NARA, self.taken_back)
        everything = schemas.Scope(agencies=["*"], sections=["*"], purposes=["*"])
        given = self.town.data(NARA, "receipt_challenge")
        made = self.receipt(self.code, "withdraw", unb64(given["challenge"]), [everything])
        self.town.data(NARA, "withdraw_with_receipt", receipt=made)

    def receipt(
        self,
        key: SigningKey,
        do: Literal["look", "withdraw"],
        challenge: bytes = bytes(32),
        scope: Sequence[schemas.Scope] | None = None,
    ) -> str:
        network, now = self.town.network_id, datetime.now(UTC)
        return receipt.make(key, network=network, challenge=challenge, do=do, at=now, scope=scope).envelope

    def _change_the_directory(self) -> None:
        town, renewed = self.town, self.town.people["ado.gantulga"]
        self.old_key = renewed.secrets.sign
        renewed.secrets = MemberSecrets.generate()
        changes: list[Document[Any]] = [town.append(town.roster("legal-clinic", by="glc.tamir", new_epoch=True))]
        changes.append(town.append(town.admission("mine-khanbogd", suspended=True)))
        stay = [town.people["aum.purev"]]
        changes.append(town.append(town.roster("aimag-umnugobi", by="aum.purev", people=stay, new_epoch=True)))
        changes.append(town.append(town.roster("aimag-dornogobi", by="ado.chimeg", new_epoch=True)))
        town.publish(*changes)
        town.hub.store.execute("UPDATE agencies_agency SET receiving = false WHERE handle = 'labour-umnugobi'")

    # --- referrals ----------------------------------------------------------------------------------------------------

    def key(self, handle: str) -> SigningKey:
        return self.town.people[handle].secrets.sign

    def whole(
        self, to: str = "mgec", texts: Mapping[str, bytes] = NEEDS, by: str = NARA, **more: Any
    ) -> SealedReferral:
        """A referral with nothing wrong in it, under Nara's decision."""
        return self.town.refer(by, to, more.pop("decision", None) or self.decisions[to], texts, **more)

    def _sent(self, to: str) -> SealedReferral:
        whole = self.whole(to)
        self.town.send(NARA, whole)
        return whole

    def send(self, *wholes: SealedReferral, by: str = NARA, **at: Any) -> Try:
        """Send these; the first is at fault."""
        id = wholes[0].document.body.id
        return Try(by, "send_referrals", {"referrals": [handed_in(one) for one in wholes]}, {"referral": id, **at})

    def send_changed(self, whole: SealedReferral, by: str = NARA, **changes: Any) -> Try:
        """The same, signed with these fields changed."""
        return self.send(SealedReferral(again(whole.document, self.key(by), **changes), whole.blobs), by=by)

    def send_payload(self, payload: bytes, by: str = NARA) -> Try:
        """Bytes as the payload of a referral, well signed: what cannot be read has no id to be named by."""
        envelope = envelope_of(payload, "referral", self.key(by))
        return Try(by, "send_referrals", {"referrals": [handed_in(envelope)]}, {"item": 0})

    def send_envelope(self, envelope: str, **at: Any) -> Try:
        return Try(NARA, "send_referrals", {"referrals": [handed_in(envelope)]}, {"item": 0, **at})

    def send_listed(self, whole: SealedReferral, blobs: Blobs | None = None, **lists: Change) -> Try:
        """The same, signed with other lists of parts, readers or keys; and beside other blobs."""
        envelope = relisted(whole.document, self.key(NARA), **lists)
        handed = handed_in(envelope, blobs or whole.blobs)
        return Try(NARA, "send_referrals", {"referrals": [handed]}, {"referral": whole.document.body.id})

    def send_beside(self, whole: SealedReferral, **changes: Any) -> Try:
        """The same document beside other blobs: parts, wraps or keys with these changed, or (None) left out."""
        return self.send(SealedReferral(whole.document, changed(whole.blobs, **changes)))

    # --- decisions ----------------------------------------------------------------------------------------------------

    def record(self, *decisions: Document[schemas.Consent], by: str = NARA, blobs: Blobs | None = None) -> Try:
        """Record these; the first is at fault."""
        body = decisions[0].body
        wholes = [handed_in(one, blobs) for one in decisions]
        return Try(by, "record_consent", {"decisions": wholes}, {"consent": body.consent, "to": body.to})

    # --- steps --------------------------------------------------------------------------------------------------------

    def take(self, by: str, on: SealedReferral, type: str, *, signed_by: str | None = None, **more: Any) -> Try:
        """A step of `signed_by` that `by` hands in."""
        return self.hand_in(by, *self.town.step(signed_by or by, on, type, **more))

    def hand_in(self, by: str, event: Document[schemas.Event] | str, blobs: Blobs, on: str | None = None) -> Try:
        id = on or msgspec.to_builtins(event.body.on)["id"]  # type: ignore[union-attr]
        return Try(by, "take_step", {"step": handed_in(event, blobs)}, {"referral": id})

    def take_listed(self, by: str, on: SealedReferral, **lists: Change) -> Try:
        """A message whose lists are others than those of what is sealed."""
        event, blobs = self.message(by, on)
        return self.hand_in(by, relisted(event, self.key(by), **lists), blobs, on.document.body.id)

    def message(self, by: str, on: SealedReferral, **more: Any) -> tuple[Document[schemas.Event], Blobs]:
        decision = more.pop("decision", None) or self.decisions[on.document.body.to]
        return self.town.step(by, on, "message", note=more.pop("note", MARK), decision=decision, **more)

    def open(self, by: str, whole: SealedReferral, key: SigningKey | None = None, **changes: Any) -> Try:
        event, _ = self.town.step(by, whole, changes.pop("type", "opened"))
        event = again(event, key or self.key(by), **changes)
        return Try(by, "open_referral", {"event": event.envelope}, {"referral": whole.document.body.id})


def relisted(document: Document[Any], key: SigningKey, **lists: Change) -> str:
    """The document with other lists of parts, readers or keys, whatever they say, well signed."""
    body = plain(document.body)
    for name, change in lists.items():
        body["sealed"][name] = as_set(change(body["sealed"][name]))
    return envelope_of(dumps(body), document.kind, key)


def changed(blobs: Blobs, **changes: Mapping[Any, bytes | None]) -> Blobs:
    found: dict[str, dict[Any, bytes]] = {}
    for name in ("parts", "wraps", "keys"):
        both = {**getattr(blobs, name), **changes.get(name, {})}
        found[name] = {which: blob for which, blob in both.items() if blob is not None}
    return Blobs(**found)


def flipped(blob: bytes) -> bytes:
    """One bit of it is another."""
    return bytes([blob[0] ^ 1]) + blob[1:]
