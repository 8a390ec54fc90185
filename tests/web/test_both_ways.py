"""What Python seals and signs the browser opens and reads, and the other way round; and both refuse alike."""

import base64
import copy
import random
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from ortoo.attached import clean_name
from ortoo.photos import NotClean, content_of
from ortoo.protocol import attachments, documents, keys, referral, schemas, sealing
from ortoo.protocol.documents import Document, SigningKey, b64, canonical, ctx, new_id, read, sign, unb64, verify
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey, seal_to
from ortoo.protocol.referral import SealedReferral
from ortoo.protocol.sealing import Binding, Blobs
from tests.protocol import test_attachments as of_files
from tests.protocol.network import NOW, Town, dumps, envelope_of, plain
from tests.protocol.network import given as decisions
from tests.protocol.refusing import refused
from tests.protocol.test_published_vectors import PUBLISHED, blocks, loaded
from tests.sdk import test_photos as photos_of
from tests.vectors.sealed_vectors import blobs_of
from tests.web.browser import Browser, Fault, browser

TEXTS: Final = {
    "needs": '{"a":"Гэр"}'.encode(),
    "contact": b"",
    "identity": "Сайнбуян 😊".encode(),
    "account": bytes(40_000),
    "needs/file-1": bytes(range(256)) * 300,
}
SECRETS: Final = [bytes(32), bytes(range(32)), b"\xff" * 32]


@pytest.fixture(scope="module")
def node() -> Iterator[Browser]:
    with browser() as one:
        yield one


@pytest.fixture(scope="module")
def place() -> Town:
    return Town()


@pytest.fixture(scope="module")
def decision(place: Town) -> Document[schemas.Consent]:
    return place.decide("nara", "shelter", ["*"])


@pytest.fixture(scope="module")
def sent(place: Town, decision: Document[schemas.Consent]) -> SealedReferral:
    return place.refer("nara", "shelter", decision, TEXTS)


def spelled(binding: Binding) -> dict[str, str]:
    return {
        "network": binding.network,
        "document": binding.document,
        "owner": binding.owner,
        "author_key": b64(binding.author_key),
        "consent": b64(binding.consent),
    }


def blobs_from(given: dict[str, Any]) -> Blobs:
    return Blobs(
        {name: unb64(raw) for name, raw in given["parts"].items()},
        {name: unb64(raw) for name, raw in given["wraps"].items()},
        {(one["part"], one["agency"]): unb64(one["key"]) for one in given["keys"]},
    )


def texts_of(told: dict[str, Any]) -> dict[str, bytes]:
    return {part: unb64(one["text"]) for part, one in told.items()}


def code_of(tried: Callable[[], object]) -> str | None:
    """None where it is not refused."""
    try:
        tried()
    except Refused as refusal:
        return refusal.code
    return None


# --- documents --------------------------------------------------------------------------------------------------------


def test_the_browser_reads_and_verifies_what_python_signed(
    node: Browser, place: Town, decision: Document[schemas.Consent], sent: SealedReferral
) -> None:
    for envelope in place.directory.entries:
        text = envelope if isinstance(envelope, str) else envelope.decode()
        kind = node.ask("kind", envelope=text)
        assert kind == documents.kind_of_envelope(text)
        document = read(text, schemas.KINDS[kind])
        told = node.ask("read", envelope=text, kind=kind)
        assert told == {"body": plain(document.body), "sha256": document.sha256, "envelope": text}
        if kind != "roster":
            by = [b64(key.public) for key in [*place.coordinator_keys, *place.coordinator_keys]]
            expected = sorted(b64(key) for key in documents.signers(document, map(unb64, by)))
            assert node.ask("signers", envelope=text, kind=kind, keys=by) == expected
            assert len(expected) == 2
    nara, urna = place.signer("nara").key, place.signer("urna").key
    for one, kind in ((decision, "consent"), (sent.document, "referral")):
        assert node.ask("verify", envelope=one.envelope, kind=kind, key=b64(nara.public))
        with refused("signature_invalid"):
            node.ask("verify", envelope=one.envelope, kind=kind, key=b64(urna.public))


def test_python_reads_and_verifies_what_the_browser_signed(
    node: Browser, place: Town, decision: Document[schemas.Consent], sent: SealedReferral
) -> None:
    nara = place.signer("nara").key
    for one in (decision, sent.document):
        kind = one.kind
        envelope = node.ask("sign", kind=kind, body=plain(one.body), seeds=[b64(nara.seed)])
        again = read(envelope, schemas.KINDS[kind])
        verify(again, nara.public)
        assert envelope == one.envelope  # Ed25519 draws nothing
    network = place.directory.network
    seeds = [b64(key.seed) for key in place.coordinator_keys[:2]]
    assert node.ask("sign", kind="network", body=plain(network.body), seeds=seeds) == network.envelope


def test_texts_and_numbers_are_written_alike(node: Browser) -> None:
    every = "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028\U0001f60a\uffff\ue000Өө'
    for value in (every, {"b": [1, 2**53 - 1, 0], "a": {"B": None, "b": True, "": False}}, [], {}, [[{}]]):
        assert unb64(node.ask("canonical", value=value)) == canonical(value)
    assert unb64(node.ask("ctx", label="x", elements=["Ө", 7, ""])) == ctx("x", "Ө", 7, "")


def _samples(place: Town, decision: Document[schemas.Consent], sent: SealedReferral) -> list[tuple[str, Any]]:
    network, roster = place.directory.network.body, read(place.directory.entries[-1], schemas.Roster).body
    admission = read(place.directory.entries[1], schemas.Admission).body
    exception = schemas.ConsentException(
        reviewer="nhrcm",
        overrides=schemas.Decision(consent=new_id(), to="*", sha256=b64(bytes(32))),
        tell_after="2026-12-25T04:00:00Z",
    )
    receipt = schemas.Receipt(
        network=place.network_id,
        at="2026-11-25T04:00:00Z",
        key=b64(bytes(32)),
        challenge=b64(bytes(32)),
        do="withdraw",
        scope=[schemas.Scope(agencies=["*"], sections=["contact", "needs"], purposes=["*"])],
    )
    event = schemas.Event(
        network=place.network_id,
        at="2026-11-25T04:00:00Z",
        directory=place.directory.head,
        author=place.signer("urna").author,
        id=new_id(),
        on=schemas.Named(id=new_id(), sha256=b64(bytes(32))),
        prev=b64(bytes(32)),
        type="declined",
        reason="full",
        authority=None,
        sealed=None,
    )
    record = schemas.Record(
        network=place.network_id,
        at="2026-11-25T04:00:00Z",
        id=new_id(),
        on=None,
        what=schemas.What(code="overdue", agency="shelter", count=0),
    )
    with_exception = msgspec.structs.replace(decision.body, exception=exception)
    bodies = [network, admission, roster, decision.body, with_exception, sent.document.body, receipt, event, record]
    return [(schemas.kind_of(body), plain(body)) for body in bodies]


ODD: Final[list[Any]] = [
    None, True, 0, 1, -1, 366, 2**53 - 1, 2**53, 1.5, "", "*", "a", "Ө", "x" * 64, "x" * 65, "x" * 4097, "kind:police",
    "MN-053", "MN-053.dalanzadgad", "needs/file-1", "needs/file-01", "api", "2026-02-29T00:00:00Z",
    "2024-02-29T00:00:00Z", "2026-11-25T04:00:00Z\n", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "2026-11-25T24:00:00Z", "01935d2e-8f00-7000-8000-000000000001", "01935d2e-8f00-4000-8000-000000000001",
    "A" * 43, "A" * 42 + "B", "A" * 22, [], {}, ["*"], ["*", "a"], ["a", "*"], ["a", "a"], ["b", "a"], [None], [[1]],
    {"__proto__": 1}, {"n" * 65: 1}, {"Ө": 1}, [[[[[[[[1]]]]]]]],
]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from _places(value[key], (*path, key))


def _mutated(body: Any, draw: random.Random) -> bytes:
    """The payload with one or two things changed, in its values or in its bytes."""
    value = copy.deepcopy(body)
    for _ in range(draw.choice((1, 1, 2))):
        *way, last = draw.choice(list(_places(value)))
        parent = value
        for key in way:
            parent = parent[key]
        match draw.randrange(5):
            case 0:
                del parent[last]
            case 1 if isinstance(parent, dict):
                parent[draw.choice(["more", "as_", "__proto__", "constructor", "Ө"])] = draw.choice(ODD)
            case _:
                parent[last] = draw.choice(ODD)
    raw = dumps(value)
    if draw.random() < 0.3:
        at = draw.randrange(len(raw))
        junk = draw.choice(
            [b"", b" ", b"\\", b'"', b"\xff", b"\xed\xa0\x80", b"\\ud800", b"e", b".0", b"0", b"[", b"}"]
        )
        raw = raw[:at] + junk + raw[at + draw.randrange(2) :]
    return raw


def test_both_refuse_the_same_documents_with_the_same_code(
    node: Browser, place: Town, decision: Document[schemas.Consent], sent: SealedReferral
) -> None:
    """Deterministic: the same documents each time."""
    draw, key = random.Random(20261126), SigningKey(b"d" * 32)
    told: dict[str | None, int] = {}
    for kind, body in _samples(place, decision, sent):
        for _ in range(120):
            raw = _mutated(body, draw)
            envelope = envelope_of(raw, kind, key)
            here = code_of(lambda: read(envelope, schemas.KINDS[kind]))  # noqa: B023 - called at once
            there = code_of(lambda: node.ask("read", envelope=envelope, kind=kind))  # noqa: B023
            assert there == here, (kind, raw)
            told[here] = told.get(here, 0) + 1
    assert {None, "limit_exceeded", "not_canonical", "malformed"} <= told.keys()


def test_a_key_that_is_refused_here_is_refused_there(node: Browser) -> None:
    for last in (0x7F, 0xFF, 0x00, 0x80, 0x05, 0x7A):
        for first in (*range(0, 256, 15), 0xEC, 0xED, 0xEE, 0x26, 0xC7):
            for middle in (0x00, 0xFF):
                raw = bytes([first]) + bytes([middle]) * 30 + bytes([last])
                here = code_of(lambda: documents.check_signing_key(raw))  # noqa: B023
                assert code_of(lambda: node.ask("check_signing_key", key=b64(raw))) == here  # noqa: B023


# --- sealed sets ------------------------------------------------------------------------------------------------------


def test_the_browser_opens_what_python_sealed(node: Browser, place: Town, sent: SealedReferral) -> None:
    binding = spelled(referral.binding_of(sent.document, place.directory.now()))
    sealed, blobs = plain(sent.document.body.sealed), blobs_of(sent.blobs)
    assert node.ask("check_set", sealed=sealed, blobs=blobs)
    for agency in ("mrc", "shelter"):
        seed = b64(place.epoch_key(agency).seed)
        told = node.ask("open_set", binding=binding, sealed=sealed, blobs=blobs, reader=agency, seed=seed)
        assert texts_of(told) == TEXTS
        for name, other in (("owner", "police"), ("document", new_id()), ("consent", b64(bytes(32)))):
            moved = {**binding, name: other}
            with refused("cannot_open"):
                node.ask("open_set", binding=moved, sealed=sealed, blobs=blobs, reader=agency, seed=seed)
    police = b64(place.epoch_key("police").seed)
    with refused("cannot_open"):
        node.ask("open_set", binding=binding, sealed=sealed, blobs=blobs, reader="shelter", seed=police)


def test_python_accepts_and_opens_what_the_browser_sealed_and_signed(
    node: Browser, place: Town, decision: Document[schemas.Consent], sent: SealedReferral
) -> None:
    """A whole referral, handed in as the hub takes it."""
    body = plain(sent.document.body)
    binding = referral.binding_of(sent.document, place.directory.now())
    readers = [
        {**one, "parts": sorted(TEXTS), "public_key": b64(place.epoch_key(one["agency"]).public)}
        for one in body["sealed"]["readers"]
    ]
    texts = {part: b64(text) for part, text in TEXTS.items()}
    told = node.ask("seal_set", binding=spelled(binding), texts=texts, readers=readers)
    assert told["sealed"] != body["sealed"]  # fresh keys
    nara = place.signer("nara").key
    envelope = node.ask("sign", kind="referral", body={**body, "sealed": told["sealed"]}, seeds=[b64(nara.seed)])
    made = SealedReferral(read(envelope, schemas.Referral), blobs_from(told["blobs"]))
    referral.check(made, place.directory, decisions(decision), now=NOW)
    sealing.check_blobs(made.document.body.sealed, made.blobs)
    for agency in ("mrc", "shelter"):
        key = place.epoch_key(agency)
        assert sealing.open_set(binding, made.document.body.sealed, made.blobs, agency, key) == TEXTS


@pytest.mark.parametrize("length", [0, 1, 255, 1023, 16_383, 16_384, 16_385, 32_768, 100_000])
def test_seals_of_every_length_open_on_the_other_side(node: Browser, length: int) -> None:
    key, context, message = b"k" * 32, "контекст".encode(), random.Random(length).randbytes(length)
    theirs = unb64(node.ask("seal", key=b64(key), context=b64(context), message=b64(message)))
    assert sealing.unseal(key, context, theirs) == message
    mine = sealing.seal(key, context, message)
    assert len(mine) == len(theirs)
    assert unb64(node.ask("unseal", key=b64(key), context=b64(context), sealed=b64(mine))) == message
    at = random.Random(length).randrange(len(mine))
    for broken in (mine[:-1], mine + b"\0", mine[:at] + bytes([mine[at] ^ 1]) + mine[at + 1 :], mine[:at]):
        with refused("cannot_open"):
            node.ask("unseal", key=b64(key), context=b64(context), sealed=b64(broken))


def test_wraps_open_on_the_other_side(node: Browser) -> None:
    node.ask("self_check")
    for seed in SECRETS:
        key, info = KemKey(seed), ctx("reader", seed)
        assert node.ask("kem", seed=b64(seed)) == {"public": b64(key.public), "sha256": key.sha256}
        theirs = unb64(node.ask("seal_to", key=b64(key.public), info=b64(info), message=b64(b"r" * 32)))
        assert key.open(info, theirs) == b"r" * 32
        mine = seal_to(key.public, info, b"r" * 32)
        assert unb64(node.ask("open", seed=b64(seed), info=b64(info), sealed=b64(mine))) == b"r" * 32
        with refused("cannot_open"):
            node.ask("open", seed=b64(seed), info=b64(info + b"x"), sealed=b64(mine))


def test_what_is_no_kem_key_is_none_on_either_side(node: Browser) -> None:
    good = KemKey(bytes(32)).public
    for wrong in (b"", good[:-1], good + b"\0", b"\xff" * 1216, b"\x01\x0d\x00" + good[3:], good[:1184] + bytes(32)):
        assert code_of(lambda: seal_to(wrong, b"", bytes(32))) == "key_refused"  # noqa: B023
        with refused("key_refused", field="kem"):
            node.ask("seal_to", key=b64(wrong), info="", message=b64(bytes(32)))


# --- keys -------------------------------------------------------------------------------------------------------------


def test_keyrings_and_ways_to_open_them(node: Browser, place: Town) -> None:
    kk, member = b"K" * 32, new_id()
    own: dict[str, Any] = {"network": place.network_id, "member": member}
    ring = schemas.Keyring(
        sign=b64(b"s" * 32),
        kem=b64(b"k" * 32),
        coordinator=b64(b"c" * 32),
        epochs=[schemas.EpochSeed(n=n, seed=b64(bytes([n]) * 32)) for n in (40, 2, 1)],
        seen=schemas.Seen(network=1, directory=place.directory.head, activity=None),
    )
    mine = keys.seal_keyring(ring, kk, **own, version=7)
    assert node.ask("open_keyring", sealed=b64(mine), kk=b64(kk), **own, version=7, newest_seen=7) == plain(ring)
    for version, newest, code in ((6, 0, "cannot_open"), (7, 8, "checkpoint_rollback")):
        with refused(code):
            node.ask("open_keyring", sealed=b64(mine), kk=b64(kk), **own, version=version, newest_seen=newest)
    theirs = unb64(node.ask("seal_keyring", keyring=plain(ring), kk=b64(kk), **own, version=8))
    assert keys.open_keyring(theirs, kk, **own, version=8) == ring
    for method in ("passphrase", "recovery", "passkey"):
        way: dict[str, Any] = {**own, "method": method, "unlock": new_id()}
        w = keys.wrapping_key(b"x" * 32, method, **own)  # type: ignore[arg-type]
        assert node.ask("wrapping_key", secret=b64(b"x" * 32), method=method, **own) == b64(w)
        assert unb64(node.ask("open_unlock", sealed=b64(keys.seal_unlock(kk, w, **way)), w=b64(w), **way)) == kk
        assert keys.open_unlock(unb64(node.ask("seal_unlock", kk=b64(kk), w=b64(w), **way)), w, **way) == kk


def test_passphrases_and_logins_however_they_are_typed(node: Browser, place: Town) -> None:
    for passphrase, login in (("зун намар өвөл хавар", "Nara@Example.org"), ("й ﬁ １ Ǆ", "ÇA ΣΊΣΥΦΟΣ İ"), (" ", "")):
        here = keys.stretch(passphrase, login, network=place.network_id)
        told = node.ask("stretch", passphrase=passphrase, login=login, network=place.network_id)
        assert told == {"auth": b64(here.auth), "w": b64(here.w)}


def test_an_agencys_key_is_handed_over_from_either_side(node: Browser, place: Town) -> None:
    urna, key = place.people["urna"], place.epoch_key("shelter")
    state = place.directory.now().agency("shelter")
    assert state is not None
    assert state.epoch is not None
    to: dict[str, Any] = {"network": place.network_id, "agency": "shelter", "member": urna.id}
    pair = {"sign": b64(urna.secrets.sign.seed), "kem": b64(urna.secrets.kem.seed)}
    public = {"member_key": urna.secrets.sign.public, "member_kem": urna.secrets.kem.public}
    epoch = plain(state.epoch)
    mine = keys.hand_over(key.seed, **to, epoch=1, **public)
    assert unb64(node.ask("take_over", sealed=b64(mine), **to, epoch=epoch, **pair)) == key.seed
    spelled_out = {name: b64(raw) for name, raw in public.items()}
    theirs = unb64(node.ask("hand_over", seed=b64(key.seed), **to, epoch=1, **spelled_out))
    assert keys.take_over(theirs, **to, epoch=state.epoch, keys=urna.secrets).seed == key.seed
    for wrong in (bytes(32), key.seed[1:], b"", key.seed + b"\0"):
        sealed = keys.hand_over(wrong, **to, epoch=1, **public)
        with refused("key_mismatch", reader="shelter", epoch=1):
            node.ask("take_over", sealed=b64(sealed), **to, epoch=epoch, **pair)
        with refused("key_mismatch", reader="shelter", epoch=1):
            keys.take_over(sealed, **to, epoch=state.epoch, keys=urna.secrets)
    number = keys.safety_number(place.network_id, "shelter", urna.secrets.public(urna.id))
    member = plain(urna.secrets.public(urna.id))
    assert node.ask("safety_number", network=place.network_id, agency="shelter", member=member) == number


# --- the published vectors, as Python is held to them -----------------------------------------------------------------


def test_chunked_encryption_as_it_was_published(node: Browser) -> None:
    """It was published with SHA-256; Cobblestone-256 is the same with SHA-512."""
    vectors = [
        one for one in loaded("chunked-encryption", "vectors.json")["vectors"] if one["aead"] == "AEAD_AES_256_GCM"
    ]
    assert len(vectors) == 34
    for one in vectors:
        sealed = base64.b64decode(one["ciphertext"] or "")
        sealed = zlib.decompress(sealed) if one.get("compressed") else sealed
        asked = {"key": b64(bytes.fromhex(one["key"])), "context": b64(one["context"].encode()), "sealed": b64(sealed)}
        if len(one["key"]) != 64:
            with pytest.raises(Fault, match="a key of Seal has 32 bytes"):
                node.ask("open_published", **asked)
        elif one["expect"] == "success":
            assert unb64(node.ask("open_published", **asked)).hex() == one["payload_sha256"], one["name"]
        else:
            assert code_of(lambda: node.ask("open_published", **asked)) == "cannot_open", one["name"]  # noqa: B023


def test_the_hybrid_kem_as_it_was_published(node: Browser) -> None:
    vectors = [
        one for one in loaded("HPKE", "hpke-pq-test-vectors.json") if (one["mode"], one["kem_id"]) == (0, 0x647A)
    ]
    assert len(vectors) == 2
    for one in vectors:
        told = node.ask("kem", seed=b64(bytes.fromhex(one["skRm"])))
        assert unb64(told["public"]).hex() == one["pkRm"]


def test_ed25519_as_it_was_published(node: Browser) -> None:
    lines = PUBLISHED.joinpath("asymmetric", "Ed25519", "sign.input").read_text().splitlines()
    for line in lines[::16]:
        seed_and_public, public, message, signed = (bytes.fromhex(one) for one in line.split(":")[:4])
        seed, signature = b64(seed_and_public[:32]), b64(signed[:64])
        assert node.ask("public_key", seed=seed) == b64(public)
        assert node.ask("sign_raw", seed=seed, message=b64(message)) == signature
        assert node.ask("signed_by", key=b64(public), signature=signature, message=b64(message))
        assert not node.ask("signed_by", key=b64(public), signature=signature, message=b64(message + b"x"))


def test_hkdf_as_it_was_published(node: Browser) -> None:
    tried = 0
    for one in blocks("KDF", "rfc-5869-HKDF-SHA256.txt"):
        raw = {name: bytes.fromhex(one.get(name, "")) for name in ("ikm", "salt", "info", "prk", "okm")}
        salt, info = b64(raw["salt"]), b64(raw["info"])
        assert unb64(node.ask("hkdf", secret=b64(raw["ikm"]), salt=salt, info=info)) == raw["okm"][:32]
        assert unb64(node.ask("expand", key=b64(raw["prk"]), info=info)) == raw["okm"][:32]
        tried += 1
    assert tried == 3


def test_argon2id_as_it_was_published(node: Browser) -> None:
    """Those with a passphrase and without associated data: hash-wasm takes no others, the protocol uses no others."""
    tried = 0
    for one in blocks("KDF", "argon2id.txt"):
        if one.get("ad") or not one["pass"]:
            continue
        asked = {
            name: b64(bytes.fromhex(one.get(given, "")))
            for name, given in (("password", "pass"), ("salt", "salt"), ("secret", "secret"))
        }
        costs = {"iterations": int(one["iter"]), "parallelism": int(one["lanes"]), "memory": int(one["memcost"])}
        assert unb64(node.ask("argon2id", **asked, **costs, length=int(one["length"]))).hex() == one["output"]
        tried += 1
    assert tried == 4


def test_a_body_that_the_browser_would_not_sign_is_not_signed(
    node: Browser, decision: Document[schemas.Consent]
) -> None:
    body = {**plain(decision.body), "retain_days": 366}
    with refused("malformed"):
        node.ask("sign", kind="consent", body=body, seeds=[b64(bytes(32))])
    assert sign(decision.body, SigningKey(bytes(32))).body == decision.body


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1023, 1024, 16_383, 16_384, 250_001])
def test_a_file_is_sealed_alike_piece_by_piece_and_opens_on_the_other_side(node: Browser, size: int) -> None:
    text = bytes(n % 251 for n in range(size))
    key, salt, context = bytes(range(32)), bytes(range(24)), b"needs/file-1 of one document"
    given = {"key": b64(key), "context": b64(context), "text": b64(text)}
    made = [node.ask("seal_file", salt=b64(salt), step=step, **given) for step in (1 << 20, 7000)]
    assert made[0] == made[1]  # whichever piece is asked for, it is the same bytes
    raw = unb64(made[0]["sealed"])
    assert made[0]["stored"] == {"size": len(raw), "sha256": b64(documents.sha256(raw))}
    said = schemas.File(part="needs/file-1", name="x", type="x", size=size, sha256=b64(documents.sha256(text)))

    def part_of(sealed: bytes) -> schemas.SealedPart:
        return schemas.SealedPart(name=said.part, size=len(sealed), sha256=b64(documents.sha256(sealed)))

    opening = attachments.Opening(key, context, said, part_of(raw))
    assert opening.take(raw) + opening.end() == text
    ours = b"".join(attachments.seal(key, context, [text], size))
    for step in (1 << 20, 1000):
        assert _opened_there(node, said, part_of(ours), ours, step) == text


def _opened_there(
    node: Browser, said: schemas.File, part: schemas.SealedPart, sealed: bytes, step: int = 4096
) -> bytes:
    given = {"key": b64(bytes(range(32))), "context": b64(b"needs/file-1 of one document"), "sealed": b64(sealed)}
    told = msgspec.to_builtins({"said": said, "part": part})
    return unb64(node.ask("open_file", step=step, **given, **told))


def test_what_is_not_the_file_is_refused_there_as_here(node: Browser) -> None:
    head, chunks = of_files.HEAD, of_files.PARTS
    said, true = of_files.said_of(of_files.TEXT), of_files.part_of(of_files.RAW)
    wrong = [
        head + b"".join([chunks[1], chunks[0], *chunks[2:]]),
        head + b"".join(chunks[:-1]),
        head + b"".join([*chunks, chunks[-1]]),
        of_files.RAW[:-1] + bytes([of_files.RAW[-1] ^ 1]),
        bytes([of_files.RAW[0] ^ 1]) + of_files.RAW[1:],
        of_files.sealed(of_files.TEXT, context=b"needs/file-1 of another"),
        b"",
    ]
    for raw in wrong:
        named = schemas.SealedPart(name=said.part, size=len(of_files.RAW), sha256=b64(documents.sha256(raw)))
        for part in (named, true):
            here = code_of(partial(of_files.opened, raw, said, part))
            assert here is not None
            assert code_of(partial(_opened_there, node, said, part, raw)) == here
    for other in (of_files.TEXT + b"x", of_files.TEXT[:-1] + b"?", b"short"):
        described = of_files.said_of(other)
        here = code_of(partial(of_files.opened, of_files.RAW, described, true))
        assert here is not None
        assert code_of(partial(_opened_there, node, described, true, of_files.RAW)) == here


def test_photos_are_cleaned_there_as_here_and_refused_alike(node: Browser, tmp_path: Path) -> None:
    path = tmp_path / "x"
    whole = [photos_of.JPEG, photos_of.PNG, photos_of.WEBP, photos_of.heic()]
    others = [*photos_of.NOT_UNDERSTOOD.values(), b"", b"%PDF-1.7 and more", b"<html>"]
    damaged = [raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :] for raw in whole for at in range(4, 240, 11)]
    cut = [raw[:at] for raw in whole for at in range(16, 300, 37)]
    outcomes = set()
    for raw in [*whole, *others, *damaged, *cut]:
        path.write_bytes(raw)
        told = node.ask("clean_photo", raw=b64(raw))
        try:
            content = content_of(path)
        except NotClean:
            assert told is None
            outcomes.add("refused")
            continue
        assert told is not None
        assert (told["type"], told["cleaned"]) == (content.type, content.cleaned)
        assert unb64(told["content"]) == b"".join(content.read())
        outcomes.add(content.cleaned)
    assert outcomes == {"refused", True, False}


def test_names_of_files_are_cleaned_alike(node: Browser) -> None:
    names = [
        "=cmd()/../x.html",
        "",
        "..",
        ".htaccess",
        "C:\\a\\CON.txt",
        "a\u202egpj.exe",
        "Зураг 1.jpg",
        "x" * 300 + ".pdf",
    ]
    names += [
        "Ж" * 90 + ".jpg",
        "a.b.c",
        "a." + "e" * 20,
        " . a . ",
        "aux",
        "x\n\0.txt",
        "🙂" * 40,
        "e\u0301.txt",
        "a\u00a0b",
    ]
    assert node.ask("clean_names", names=names) == [clean_name(one) for one in names]
