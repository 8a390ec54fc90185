"""The vectors that are sealed or signed with drawn keys: recorded once, true by opening and by being refused.

The code of each refusal is written out here; the documents are made with the protocol and with what an attacker has.
"""

# ruff: noqa: E501 - tables, one case a line

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec

from ortoo.protocol import keys, schemas
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, stamp
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.referral import SealedReferral
from ortoo.protocol.sealing import Binding, Blobs, Reader, seal, seal_set
from tests.protocol.network import NOW, Town, again, dumps, envelope_of, plain, routing

NETWORK = "01935d2e-8f00-7000-8000-000000000001"
MEMBER = "01935d2e-8f00-7000-8000-000000000002"
DOCUMENT = "01935d2e-8f00-7000-8000-000000000004"
BYTES = "Bytes are base64url without padding."


def blobs_of(blobs: Blobs) -> dict[str, Any]:
    return {
        "parts": {name: b64(raw) for name, raw in sorted(blobs.parts.items())},
        "wraps": {agency: b64(raw) for agency, raw in sorted(blobs.wraps.items())},
        "keys": [{"part": p, "agency": a, "key": b64(raw)} for (p, a), raw in sorted(blobs.keys.items())],
    }


# --- a sealed set -----------------------------------------------------------------------------------------------------


def sealed_set() -> dict[str, Any]:
    seeds = {"mrc": b"m" * 32, "mgec": b"g" * 32}
    author = SigningKey(b"a" * 32).public
    texts = {"needs": '{"a":"Гэр"}'.encode(), "contact": b"", "account": bytes(16_400)}
    readers = [
        Reader("mrc", "sender", 4, KemKey(seeds["mrc"]).public, frozenset(texts)),
        Reader("mgec", "recipient", 12, KemKey(seeds["mgec"]).public, frozenset(["needs", "contact"])),
    ]
    binding = Binding(NETWORK, DOCUMENT, "mrc", author, bytes(range(32)))
    sealed, blobs = seal_set(binding, texts, readers)
    bound = {
        "network": NETWORK,
        "document": DOCUMENT,
        "owner": "mrc",
        "author_key": b64(author),
        "consent": b64(bytes(range(32))),
    }
    moved = [
        {"network": MEMBER},
        {"document": MEMBER},
        {"owner": "mgec"},
        {"author_key": b64(bytes(32))},
        {"consent": b64(bytes(32))},
    ]
    return {
        "about": "A sealed set (§5). Each reader, with the KEM key of its seed, opens just its own texts. Under a `moved` "
        f"binding (with this one thing changed) nothing opens: cannot_open. {BYTES}",
        "binding": bound,
        "seeds": {agency: b64(seed) for agency, seed in seeds.items()},
        "public_keys": {agency: b64(KemKey(seed).public) for agency, seed in seeds.items()},
        "sealed": plain(sealed),
        "blobs": blobs_of(blobs),
        "opens": {
            "mrc": {part: b64(text) for part, text in texts.items()},
            "mgec": {part: b64(texts[part]) for part in ("needs", "contact")},
        },
        "moved": moved,
    }


def keyring() -> dict[str, Any]:
    ring = schemas.Keyring(
        sign=b64(b"s" * 32),
        kem=b64(b"k" * 32),
        coordinator=None,
        epochs=[schemas.EpochSeed(n=12, seed=b64(b"g" * 32)), schemas.EpochSeed(n=11, seed=b64(b"f" * 32))],
        seen=schemas.Seen(network=1, directory=schemas.TreeHead(size=9, root=b64(bytes(32))), activity=None),
    )
    kk, secret = bytes(range(32)), b"c" * 32
    methods: tuple[Literal["recovery", "passkey"], ...] = ("recovery", "passkey")
    epoch = KemKey(b"g" * 32)
    return {
        "about": "A keyring under KK, KK under w of each way to open it, and an agency's epoch seed handed to a member "
        f"(§4). Under another version, member, method or id nothing opens: cannot_open. {BYTES}",
        "network": NETWORK,
        "member": MEMBER,
        "version": 3,
        "kk": b64(kk),
        "sealed": b64(keys.seal_keyring(ring, kk, network=NETWORK, member=MEMBER, version=3)),
        "keyring": plain(ring),
        "unlocks": [
            {
                "method": method,
                "unlock": DOCUMENT,
                "secret": b64(secret),
                "sealed": b64(
                    keys.seal_unlock(
                        kk,
                        keys.wrapping_key(secret, method, network=NETWORK, member=MEMBER),
                        network=NETWORK,
                        member=MEMBER,
                        method=method,
                        unlock=DOCUMENT,
                    )
                ),
            }
            for method in methods
        ],
        "agency_key": {
            "agency": "mgec",
            "epoch": 12,
            "kem": epoch.sha256,
            "seed": b64(epoch.seed),
            "sealed": b64(
                keys.hand_over(
                    epoch.seed,
                    network=NETWORK,
                    agency="mgec",
                    epoch=12,
                    member=MEMBER,
                    member_key=SigningKey(b"s" * 32).public,
                    member_kem=KemKey(b"k" * 32).public,
                )
            ),
        },
        "text": {
            "about": "Seal alone, under a key and a context.",
            "key": b64(kk),
            "context": b64(b"context"),
            "message": b64(b"message"),
            "sealed": b64(seal(kk, b"context", b"message")),
        },
    }


# --- documents that must be refused -----------------------------------------------------------------------------------


class Collected:
    """A town, and what was tried on it."""

    def __init__(self) -> None:
        self.town = Town()
        self.nara = self.town.signer("nara")
        self.exception = schemas.ConsentException(reviewer="nhrcm", overrides=None, tell_after=None)
        self.referrals: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.blob_sets: list[dict[str, Any]] = []

    def kept(self, blobs: Blobs) -> int:
        """Where these blobs stand in the list; many documents share them."""
        written = blobs_of(blobs)
        if written not in self.blob_sets:
            self.blob_sets.append(written)
        return self.blob_sets.index(written)

    def refer(
        self,
        about: str,
        one: SealedReferral | tuple[str, Blobs],
        code: str | None,
        *known: Document[schemas.Consent],
        later: timedelta = timedelta(),
        withdrawals: Sequence[Any] = (),
        **at: str,
    ) -> None:
        envelope, blobs = (one.document.envelope, one.blobs) if isinstance(one, SealedReferral) else one
        self.referrals.append(
            {
                "about": about,
                "directory_size": self.town.directory.size,
                "now": stamp(NOW + later),
                "decisions": [decision.envelope for decision in known],
                "withdrawals": list(withdrawals),
                "envelope": envelope,
                "blobs": self.kept(blobs),
                "code": code,
                "at": at,
            }
        )

    def decide(
        self, about: str, one: Document[schemas.Consent], code: str | None, *known: Document[schemas.Consent], **at: str
    ) -> None:
        self.decisions.append(
            {
                "about": about,
                "directory_size": self.town.directory.size,
                "now": stamp(NOW),
                "known": [decision.envelope for decision in known],
                "envelope": one.envelope,
                "code": code,
                "at": at,
            }
        )

    def changed(self, one: SealedReferral, **fields: Any) -> SealedReferral:
        return SealedReferral(again(one.document, self.nara.key, **fields), one.blobs)


def with_blobs(one: SealedReferral, change: Callable[[Blobs], None]) -> SealedReferral:
    blobs = Blobs(dict(one.blobs.parts), dict(one.blobs.wraps), dict(one.blobs.keys))
    change(blobs)
    return SealedReferral(one.document, blobs)


def _flip(blobs: Blobs) -> None:
    blobs.parts["needs"] = blobs.parts["needs"][:-1] + bytes([blobs.parts["needs"][-1] ^ 1])


def _lose(blobs: Blobs) -> None:
    del blobs.wraps["shelter"]


def _add(blobs: Blobs) -> None:
    blobs.keys["needs", "police"] = bytes(104)


def refusals() -> dict[str, Any]:
    here = Collected()
    town, nara = here.town, here.nara
    texts = {"needs": b'{"fields":{},"files":[],"section":"needs"}'}
    yes = town.decide("nara", "shelter", ["needs"])
    good = town.refer("nara", "shelter", yes, texts)
    body, sealed = good.document.body, good.document.body.sealed

    # form
    here.refer("as it should be", good, None, yes)
    many = {f"s{number}": b"" for number in range(17)}
    here.refer("17 sections", town.refer("nara", "shelter", yes, many), "limit_exceeded", yes, field="sealed.parts")
    larger = [msgspec.structs.replace(sealed.parts[0], size=300_000)]
    here.refer(
        "a section that is too long",
        here.changed(good, sealed=_set(sealed, parts=larger)),
        "limit_exceeded",
        yes,
        part="needs",
    )
    loose = envelope_of(good.document.payload + b" ", "referral", nara.key)
    here.refer("not canonical", (loose, good.blobs), "not_canonical", yes)
    newer = envelope_of(good.document.payload, "referral", nara.key, version=2)
    here.refer("of a later version", (newer, good.blobs), "version_unsupported", yes)
    lacking = {name: value for name, value in plain(body).items() if name != "parent"}
    here.refer("a field is missing", (envelope_of(dumps(lacking), "referral", nara.key), good.blobs), "malformed", yes)
    stray = as_set([*sealed.keys, schemas.SealedKey(part="needs", agency="police", sha256=b64(bytes(32)))])
    here.refer(
        "a key for a reader that is not listed",
        here.changed(good, sealed=_set(sealed, keys=stray)),
        "malformed",
        yes,
        part="needs",
        reader="police",
    )
    twice = as_set([*sealed.parts, msgspec.structs.replace(sealed.parts[0], size=2000)])
    here.refer(
        "the same part twice", here.changed(good, sealed=_set(sealed, parts=twice)), "malformed", yes, part="needs"
    )
    here.refer(
        "a service that nobody knows",
        here.changed(good, routing=routing(services=["magic"])),
        "malformed",
        yes,
        field="routing.services",
    )
    evidence = town.refer("nara", "shelter", yes, {"evidence": b""})
    here.refer("evidence never leaves the recorder", evidence, "malformed", yes, part="evidence")
    here.refer("to oneself", here.changed(good, to="mrc"), "malformed", yes, field="to")
    # signer
    here.refer(
        "signed by another key",
        SealedReferral(again(good.document, SigningKey.generate()), good.blobs),
        "signature_invalid",
        yes,
    )
    nobody = schemas.Author(agency="mrc", member=new_id())
    here.refer("by nobody's member", here.changed(good, author=nobody), "key_unknown", yes, field="author")
    by_kit = town.decide("kit", "police", ["needs"])
    here.refer(
        "by a recovery kit", town.refer("kit", "police", by_kit, texts), "role_not_allowed", by_kit, field="author"
    )
    # directory
    readers = as_set(
        msgspec.structs.replace(one, epoch=2) if one.agency == "shelter" else one for one in sealed.readers
    )
    here.refer(
        "an epoch that is not",
        here.changed(good, sealed=_set(sealed, readers=readers)),
        "epoch_stale",
        yes,
        reader="shelter",
    )
    fork = schemas.TreeHead(size=town.directory.size, root=b64(bytes(32)))
    here.refer(
        "relies on another history", here.changed(good, directory=fork), "directory_fork", yes, field="directory"
    )
    # seal
    here.refer("a byte of a part changed", with_blobs(good, _flip), "hash_mismatch", yes, part="needs")
    short = [msgspec.structs.replace(sealed.parts[0], size=sealed.parts[0].size - 1)]
    here.refer(
        "a part of another size than it says",
        here.changed(good, sealed=_set(sealed, parts=short)),
        "size_mismatch",
        yes,
        part="needs",
    )
    here.refer("a wrap is missing", with_blobs(good, _lose), "blob_missing", yes, reader="shelter")
    here.refer("a key is left over", with_blobs(good, _add), "blob_unexpected", yes, part="needs", reader="police")
    # consent
    everything = {"scope": [{"agencies": ["shelter"], "sections": ["*"], "purposes": ["*"]}]}
    here.refer("withdrawn", good, "consent_withdrawn", yes, withdrawals=[everything], part="needs", reader="shelter")
    no = town.decide("nara", "*", refused=["needs"], consent=yes.body.consent)
    here.refer("refused to everybody", good, "grant_refused", yes, no, part="needs", reader="shelter")
    medical = town.refer("nara", "shelter", yes, {**texts, "medical": b""})
    here.refer("a section that was not granted", medical, "grant_missing", yes, part="medical", reader="shelter")
    nothing = town.decide("nara", "shelter", refused=["medical"])
    here.refer(
        "a recipient with no key at all",
        town.refer("nara", "shelter", nothing, {}),
        "grant_missing",
        nothing,
        reader="shelter",
    )
    brief = town.decide("nara", "shelter", ["needs"], until=NOW)
    here.refer(
        "ended", town.refer("nara", "shelter", brief, texts), "grant_expired", brief, part="needs", reader="shelter"
    )
    police = town.decide("nara", "police", ["needs"], consent=yes.body.consent)
    here.refer(
        "under the decision on another agency",
        town.refer("nara", "shelter", police, texts),
        "authority_mismatch",
        yes,
        police,
        reader="shelter",
    )
    second = town.decide("nara", "shelter", ["needs"], after=yes)
    here.refer("under an older version", good, "consent_superseded", yes, second, reader="shelter")
    here.refer(
        "refused is told before superseded",
        medical,
        "grant_refused",
        yes,
        town.decide("nara", "shelter", ["needs"], refused=["medical"], after=yes),
        part="medical",
    )
    here.refer(
        "a child, on the consent of a grown-up",
        town.refer("nara", "shelter", yes, texts, minor=True),
        "basis_not_allowed",
        yes,
        field="basis",
    )
    danger = town.decide("nara", "shelter", ["needs"], basis="danger_to_life", exception=here.exception)
    reasons = {**texts, "justification": b""}
    here.refer("without consent, justified and reviewed", town.refer("nara", "shelter", danger, reasons), None, danger)
    here.refer(
        "a justification where there is consent",
        town.refer("nara", "shelter", yes, reasons),
        "basis_not_allowed",
        yes,
        part="justification",
    )
    alone = town.refer("nara", "shelter", danger, reasons)
    without_reviewer = _without_reader(alone, "nhrcm", here)
    here.refer("without its reviewer", without_reviewer, "basis_not_allowed", danger, field="sealed.readers")
    child = town.decide("nara", "shelter", ["needs"], basis="child_at_risk", exception=here.exception)
    here.refer(
        "child_at_risk without a child",
        town.refer("nara", "shelter", child, reasons),
        "basis_not_allowed",
        child,
        field="basis",
    )
    young = town.decide("nara", "shelter", ["*"], basis="child_at_risk", exception=here.exception)
    here.refer(
        "all there is of a child",
        town.refer("nara", "shelter", young, reasons, minor=True),
        "basis_not_allowed",
        young,
        field="granted.sections",
    )
    keyless = _without_key(good, "needs", "mrc", here)
    here.refer("the sender has no key", keyless, "grant_missing", yes, reader="mrc")
    # steps
    here.refer("eleven minutes late", good, "clock_skew", yes, later=timedelta(minutes=11), field="at")

    _decisions(here)

    # what has changed since: later sizes of the same directory
    town.append(town.admission("shelter", suspended=True))
    here.refer("the recipient was suspended meanwhile", good, "directory_stale", yes, reader="shelter")
    suspended = town.decide("nara", "shelter", ["needs"])
    here.refer(
        "to an agency that is suspended",
        town.refer("nara", "shelter", suspended, texts),
        "recipient_suspended",
        suspended,
        reader="shelter",
    )
    town.append(town.admission("shelter"))
    town.append(town.roster("shelter", new_epoch=True))
    here.refer("the recipient has a new key meanwhile", good, "directory_stale", yes, reader="shelter")
    town.append(town.roster("mrc", people=[town.people["nara"], town.people["robot"]], new_epoch=True))
    here.refer("another member of the sender left meanwhile", good, "directory_stale", yes)
    now_yes = town.decide("nara", "shelter", ["needs"])
    here.refer("as it should be, at the newest size", town.refer("nara", "shelter", now_yes, texts), None, now_yes)
    old_epoch = here.changed(good, directory=town.directory.head)
    here.refer("sealed to an older epoch", old_epoch, "epoch_stale", yes)
    return {
        "about": "Documents and the code with which a hub must refuse them (null: accepted). The directory is its first "
        "`directory_size` entries; `decisions` are all that are known under the consent id, `withdrawals` as in rule.json. "
        "`blobs` is the place of those handed in with it in `blob_sets`; `at` names at least what is at fault. Not here, since only a hub's own state can tell: id_reused, "
        f"recipient_unavailable, head_moved of an event. {BYTES}",
        "directory": town.directory.entries,
        "epoch_seeds": [
            {"agency": agency, "epoch": n, "seed": b64(key.seed)} for (agency, n), key in sorted(town.epochs.items())
        ],
        "blob_sets": here.blob_sets,
        "referrals": here.referrals,
        "decisions": here.decisions,
    }  # fmt: skip


def _decisions(here: Collected) -> None:
    town = here.town
    first = town.decide("nara", "shelter", ["needs"])
    second = town.decide("nara", "shelter", ["needs"], after=first)
    here.decide("a first version", first, None)
    here.decide("a second version", second, None, first)
    here.decide(
        "a second version, come too late",
        town.decide("nara", "shelter", ["*"], after=first),
        "head_moved",
        first,
        second,
        field="prev",
    )
    here.decide("a second version without the first", second, "head_moved", field="prev")
    here.decide("a grant to a kind", town.decide("nara", "kind:police", ["needs"]), "malformed", field="granted")
    here.decide(
        "a refusal of what nobody knows",
        town.decide("nara", "shelter", refused=["medcal"]),
        "malformed",
        field="refused",
    )
    here.decide(
        "a basis that nobody knows",
        town.decide("nara", "shelter", ["needs"], basis="because"),
        "basis_not_allowed",
        field="basis",
    )
    here.decide(
        "an exception without reviewer",
        town.decide("nara", "shelter", ["needs"], basis="legal_duty"),
        "basis_not_allowed",
        field="exception",
    )
    here.decide(
        "a reviewer without exception",
        town.decide("nara", "shelter", ["needs"], exception=here.exception),
        "basis_not_allowed",
        field="exception",
    )
    lasting = town.decide(
        "nara", "shelter", ["needs"], basis="legal_duty", exception=here.exception, until=NOW + timedelta(days=31)
    )
    here.decide("without consent for 31 days", lasting, "basis_not_allowed", field="granted.until")
    weak = schemas.ReceiptKey(key=b64((1).to_bytes(32, "little")), mode="full")
    here.decide(
        "a receipt key of small order",
        town.decide("nara", "shelter", ["needs"], receipt=weak),
        "key_refused",
        field="receipt.key",
    )
    here.decide("by a recovery kit", town.decide("kit", "police", ["needs"]), "role_not_allowed", field="author")
    stranger = town.decide("dorj", "nhrcm", ["needs"], consent=first.body.consent)
    here.decide("another recorder under the same id", stranger, "consent_author", first, field="recorder")
    held = town.decide("nara", "nhrcm", ["needs"], purposes=["coordinate", "give_service"])

    def passed_on(sections: Sequence[str], **more: Any) -> Document[schemas.Consent]:
        return town.decide("altan", "shelter", sections, consent=held.body.consent, recorder="mrc", **more)

    here.decide("a third agency, by one that coordinates", passed_on(["needs"]), None, held)
    here.decide("and more than it holds", passed_on(["needs", "medical"]), "consent_author", held, field="granted")
    here.decide(
        "and for longer", passed_on(["needs"], until=NOW + timedelta(days=31)), "consent_author", held, field="granted"
    )
    only = town.decide("nara", "nhrcm", ["needs"])
    other = town.decide("altan", "shelter", ["needs"], consent=only.body.consent, recorder="mrc")
    here.decide("a third agency, by one that does not coordinate", other, "consent_author", only, field="author")  # fmt: skip
    # children
    by = {who: schemas.Given(by=who, how="signed", language="mn", interpreter=False, witness=False) for who in ("person", "guardian")}  # fmt: skip
    of_child = {"basis": "guardian_and_assent"}
    yes_alone = town.decide("nara", "shelter", ["needs"], given=by["person"], **of_child)
    here.decide("a child's yes alone", yes_alone, "basis_not_allowed", field="given.by")
    no = town.decide("nara", "shelter", refused=["account"], given=by["person"], **of_child)
    here.decide("a child's own no", no, None)
    over = town.decide("nara", "shelter", ["account"], given=by["guardian"], after=no, **of_child)
    here.decide("and its guardian's yes", over, "basis_not_allowed", no, field="refused")
    beside = town.decide("nara", "shelter", ["needs"], refused=["account"], given=by["guardian"], after=no, **of_child)
    here.decide("and its guardian's yes to something else", beside, None, no)
    grown = town.decide("nara", "shelter", ["account"], after=no)
    here.decide("and as if it were grown up", grown, "basis_not_allowed", no, field="basis")


def _set(sealed: schemas.Sealed, **fields: Any) -> schemas.Sealed:
    return msgspec.structs.replace(sealed, **fields)


def _without_reader(one: SealedReferral, agency: str, here: Collected) -> SealedReferral:
    sealed = one.document.body.sealed
    fewer = _set(
        sealed,
        readers=[reader for reader in sealed.readers if reader.agency != agency],
        keys=[key for key in sealed.keys if key.agency != agency],
    )
    blobs = Blobs(
        one.blobs.parts,
        {reader: wrap for reader, wrap in one.blobs.wraps.items() if reader != agency},
        {pair: key for pair, key in one.blobs.keys.items() if pair[1] != agency},
    )
    return SealedReferral(again(one.document, here.nara.key, sealed=fewer), blobs)


def _without_key(one: SealedReferral, part: str, agency: str, here: Collected) -> SealedReferral:
    sealed = one.document.body.sealed
    fewer = _set(sealed, keys=[key for key in sealed.keys if (key.part, key.agency) != (part, agency)])
    blobs = Blobs(
        one.blobs.parts, one.blobs.wraps, {pair: key for pair, key in one.blobs.keys.items() if pair != (part, agency)}
    )
    return SealedReferral(again(one.document, here.nara.key, sealed=fewer), blobs)


SEALED: Mapping[str, Callable[[], dict[str, Any]]] = {
    "sealed_set": sealed_set,
    "keyring": keyring,
    "refusals": refusals,
}
