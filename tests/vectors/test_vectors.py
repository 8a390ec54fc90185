"""Runs the vectors of this folder against `ortoo.protocol`: what another implementation is held to, ours is too."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ortoo.protocol import consent, documents, keys, merkle, receipt, referral, schemas, sealing
from ortoo.protocol.checkpoint import Checkpoint, Policy, VerifierKey, cosign, open_checkpoint, sign_checkpoint
from ortoo.protocol.consent import Decisions, Withdrawal
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, b64, ctx, instant, keyid, pae, sha256, signed_by, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.referral import SealedReferral
from ortoo.protocol.sealing import Binding, Blobs, open_set
from tests.protocol.refusing import refused
from tests.vectors import generate

FOLDER = Path(__file__).parent


def vectors(name: str) -> Any:
    return json.loads(FOLDER.joinpath(f"{name}.json").read_text(encoding="utf-8"))


def cases(name: str, of: str = "cases") -> pytest.MarkDecorator:
    """The cases, to be told apart by what they say they are about."""
    listed = vectors(name)[of]
    return pytest.mark.parametrize("case", listed, ids=lambda one: str(one.get("about", ""))[:60].replace(" ", "-"))


@pytest.mark.parametrize("name", sorted(generate.FIXED))
def test_the_file_is_what_the_generator_writes(name: str) -> None:
    assert vectors(name) == json.loads(json.dumps(generate.FIXED[name]()))


def test_no_file_is_without_its_test() -> None:
    sealed = {"sealed_set", "keyring", "refusals"}
    assert {path.stem for path in FOLDER.glob("*.json")} == sealed | set(generate.FIXED)


# --- documents --------------------------------------------------------------------------------------------------------


@cases("ctx")
def test_ctx(case: Any) -> None:
    elements = [
        unb64(one["bytes"]) if "bytes" in one else one.get("text", one.get("number")) for one in case["elements"]
    ]
    assert b64(ctx(case["label"], *elements)) == case["ctx"]


@cases("keyid")
def test_keyid(case: Any) -> None:
    assert keyid(unb64(case["public_key"])) == case["keyid"]


def test_pae() -> None:
    given = vectors("pae")
    key = SigningKey(unb64(given["seed"]))
    assert b64(key.public) == given["public_key"]
    for case in given["cases"]:
        message = pae(case["payload_type"], unb64(case["payload"]))
        assert b64(message) == case["pae"]
        assert b64(sha256(message)) == case["sha256"]
        assert b64(key.sign_raw(message)) == case["signature"]
        assert signed_by(key.public, unb64(case["signature"]), message)


def _read(envelope: str, code: str | None) -> None:
    if code is None:
        assert documents.read(envelope, schemas.Receipt).envelope == envelope
        return
    with refused(code):
        documents.read(envelope, schemas.Receipt)


@cases("payloads", "payloads")
def test_payloads(case: Any) -> None:
    _read(generate.envelope("receipt", unb64(case["payload"]), b"r" * 32), case["code"])


@cases("payloads", "envelopes")
def test_envelopes(case: Any) -> None:
    _read(case["envelope"], case["code"])


# --- padding, numbers, passphrase, receipt ----------------------------------------------------------------------------


def test_padding() -> None:
    given = vectors("padding")
    for case in given["lengths"]:
        assert len(sealing.pad(bytes(case["length"]), case["part"])) == case["padded"]
    text = unb64(given["text"])
    assert b64(sealing.pad(text, "note")) == given["as_note"]
    assert sealing.unpad(unb64(given["as_note"])) == text
    for padded in given["refused"]:
        with refused("cannot_open"):
            sealing.unpad(unb64(padded))


@cases("safety_number")
def test_safety_number(case: Any) -> None:
    member = schemas.MemberKeys(id=case["member"], key=case["key"], kem=case["kem"])
    assert keys.safety_number(case["network"], case["agency"], member) == case["number"]


@cases("passphrase")
def test_passphrase(case: Any) -> None:
    stretched = keys.stretch(case["passphrase"], case["login"], network=case["network"])
    assert (b64(stretched.auth), b64(stretched.w)) == (case["auth"], case["w"])


def test_recovery_code_and_passkey() -> None:
    given = vectors("passphrase")
    for case in given["secrets"]:
        w = keys.wrapping_key(unb64(case["secret"]), case["method"], network=case["network"], member=case["member"])
        assert b64(w) == case["w"]
    assert b64(keys.prf_input(given["prf_input"]["network"])) == given["prf_input"]["first"]


def test_receipt() -> None:
    given = vectors("receipt")
    for case in given["check_digits"]:
        assert receipt.check_digit(case["digits"]) == case["check"]
    for case in given["cases"]:
        key = receipt.key_of(case["code"], network=case["network"])
        assert (b64(key.seed), b64(key.public)) == (case["seed"], case["public_key"])
    for code in given["refused"]:
        with refused("malformed", field="receipt_code"):
            receipt.parse_code(code)
    withdrawal = given["withdrawal"]
    document = documents.read(withdrawal["envelope"], schemas.Receipt)
    receipt.check(
        document,
        network=given["cases"][0]["network"],
        challenge=unb64(withdrawal["challenge"]),
        now=instant(withdrawal["at"]),
    )
    assert document.body.key == given["cases"][0]["public_key"]


# --- the log ----------------------------------------------------------------------------------------------------------


@cases("leaf")
def test_leaf(case: Any) -> None:
    entry = sha256(ctx("leaf", unb64(case["salt"]), unb64(case["document"])))
    assert (b64(entry), b64(merkle.leaf_hash(entry))) == (case["entry"], case["leaf_hash"])


def test_tree() -> None:
    given = vectors("tree")
    leaves = [merkle.leaf_hash(unb64(one)) for one in given["entries"]]
    roots = [unb64(one) for one in given["roots"]]
    assert [merkle.root(leaves[:size]) for size in range(len(roots))] == roots
    for case in given["inclusion"]:
        proof, index, size = [unb64(one) for one in case["proof"]], case["index"], case["size"]
        if case["good"]:
            merkle.verify_inclusion(index, size, leaves[index], proof, roots[size])
            assert merkle.inclusion_proof(leaves[:size], index) == proof
        else:
            with refused("proof_invalid"):
                merkle.verify_inclusion(index, size, leaves[index], proof, roots[size])
    for case in given["consistency"]:
        proof, size1, size2 = [unb64(one) for one in case["proof"]], case["size1"], case["size2"]
        if case["good"]:
            merkle.verify_consistency(size1, size2, roots[size1], roots[size2], proof)
            assert merkle.consistency_proof(leaves[:size2], size1) == proof
        else:
            with refused("proof_invalid"):
                merkle.verify_consistency(size1, size2, roots[size1], roots[size2], proof)


@cases("checkpoint")
def test_checkpoint(case: Any) -> None:
    given = vectors("checkpoint")
    policy = Policy.parse(given["policies"][case["policy"]])
    if case["code"] is None:
        opened = open_checkpoint(case["note"], given["origin"], policy).checkpoint
        assert opened == Checkpoint(given["origin"], given["size"], unb64(given["root"]))
        assert case["note"].startswith(sign_checkpoint(opened, SigningKey(generate.LOG_SEED)))
    else:
        with refused(case["code"]):
            open_checkpoint(case["note"], given["origin"], policy)


@cases("cosignature")
def test_cosignature(case: Any) -> None:
    key = SigningKey(unb64(case["seed"]))
    assert str(VerifierKey(case["name"], 4, key.public)) == case["vkey"]
    line = cosign(vectors("cosignature")["note"], case["name"], key, datetime.fromtimestamp(case["time"], UTC))
    assert line == case["line"]


# --- sealed -----------------------------------------------------------------------------------------------------------


def _blobs(given: Any) -> Blobs:
    return Blobs(
        {name: unb64(raw) for name, raw in given["parts"].items()},
        {agency: unb64(raw) for agency, raw in given["wraps"].items()},
        {(one["part"], one["agency"]): unb64(one["key"]) for one in given["keys"]},
    )


def test_sealed_set() -> None:
    given = vectors("sealed_set")
    bound = given["binding"]
    binding = Binding(
        bound["network"], bound["document"], bound["owner"], unb64(bound["author_key"]), unb64(bound["consent"])
    )
    sealed, blobs = schemas.fit(given["sealed"], schemas.Sealed), _blobs(given["blobs"])
    sealing.check_form(sealed)
    sealing.check_blobs(sealed, blobs)
    for agency, texts in given["opens"].items():
        key = KemKey(unb64(given["seeds"][agency]))
        assert b64(key.public) == given["public_keys"][agency]
        opened = open_set(binding, sealed, blobs, agency, key)
        assert {part: b64(text) for part, text in opened.items() if not isinstance(text, Refused)} == texts
        for moved in given["moved"]:
            changes: dict[str, Any] = {
                name: unb64(value) if name in ("author_key", "consent") else value for name, value in moved.items()
            }
            with refused("cannot_open"):
                open_set(dataclasses.replace(binding, **changes), sealed, blobs, agency, key)


def test_keyring() -> None:
    given = vectors("keyring")
    network, member, kk = given["network"], given["member"], unb64(given["kk"])
    ring = keys.open_keyring(unb64(given["sealed"]), kk, network=network, member=member, version=given["version"])
    assert ring == schemas.fit(given["keyring"], schemas.Keyring)
    with refused("cannot_open"):
        keys.open_keyring(unb64(given["sealed"]), kk, network=network, member=member, version=given["version"] + 1)
    for case in given["unlocks"]:
        w = keys.wrapping_key(unb64(case["secret"]), case["method"], network=network, member=member)
        named = {"network": network, "member": member, "method": case["method"], "unlock": case["unlock"]}
        assert keys.open_unlock(unb64(case["sealed"]), w, **named) == kk
        with refused("cannot_open"):
            keys.open_unlock(unb64(case["sealed"]), w, **{**named, "unlock": member})
    handed = given["agency_key"]
    secrets = keys.MemberSecrets(SigningKey(unb64(ring.sign)), KemKey(unb64(ring.kem)))
    epoch = schemas.Epoch(n=handed["epoch"], kem=handed["kem"], renew_by="2026-12-25T04:00:00Z")
    key = keys.take_over(
        unb64(handed["sealed"]), network=network, agency=handed["agency"], epoch=epoch, member=member, keys=secrets
    )
    assert b64(key.seed) == handed["seed"]
    text = given["text"]
    assert b64(sealing.unseal(unb64(text["key"]), unb64(text["context"]), unb64(text["sealed"]))) == text["message"]


# --- consent ----------------------------------------------------------------------------------------------------------


def _decision(given: Any) -> Document[schemas.Consent]:
    """A decision of which the rule looks at just these fields."""
    reviewer = given["reviewer"]
    body = schemas.Consent(
        network=generate.NETWORK,
        at="2026-11-25T04:00:00Z",
        directory=schemas.TreeHead(size=1, root=b64(bytes(32))),
        author=schemas.Author(agency=given["recorder"], member=generate.MEMBER),
        consent=generate.UNLOCK,
        recorder=given["recorder"],
        to=given["to"],
        version=given["version"],
        prev=None,
        basis="danger_to_life" if reviewer else "informed_consent",
        given=schemas.Given(by=None, how=None, language=None, interpreter=False, witness=False),
        granted=schemas.fit(given["granted"], schemas.Granted) if given["granted"] else None,
        refused=given["refused"],
        receipt=None,
        exception=schemas.ConsentException(reviewer=reviewer, overrides=None, tell_after=None) if reviewer else None,
        retain_days=90,
        sealed=None,
    )
    return documents.sign(body, SigningKey(b"s" * 32))


def _withdrawals(given: Any, decisions: list[Document[schemas.Consent]]) -> list[Withdrawal]:
    return [
        Withdrawal.overturned(decisions[0].body)
        if one.get("overturned")
        else Withdrawal(tuple(schemas.fit(scope, schemas.Scope) for scope in one["scope"]))
        for one in given
    ]


@cases("rule")
def test_rule(case: Any) -> None:
    decisions = [_decision(one) for one in case["decisions"]]
    known = Decisions.of(decisions, _withdrawals(case["withdrawals"], decisions))
    asked = {"agency": case["agency"], "kind": case["kind"], "part": case["part"], "at": instant(case["at"])}
    if "code" in case:
        with refused(case["code"], part=case["part"], reader=case["agency"]):
            consent.may_read(known, **asked)
    else:
        assert sorted(consent.may_read(known, **asked)) == case["purposes"]


# --- refusals ---------------------------------------------------------------------------------------------------------


BLOB_SETS = vectors("refusals")["blob_sets"]


@pytest.fixture(scope="module")
def entries() -> list[str]:
    listed: list[str] = vectors("refusals")["directory"]
    return listed


def _directory(entries: list[str], size: int) -> Directory:
    directory = Directory()
    for entry in entries[:size]:
        directory.append(entry)
    return directory


@cases("refusals", "referrals")
def test_referrals(case: Any, entries: list[str]) -> None:
    directory = _directory(entries, case["directory_size"])
    decisions = [documents.read(one, schemas.Consent) for one in case["decisions"]]
    known = Decisions.of(decisions, _withdrawals(case["withdrawals"], decisions))

    def hand_in() -> None:
        one = SealedReferral(documents.read(case["envelope"], schemas.Referral), _blobs(BLOB_SETS[case["blobs"]]))
        referral.check(one, directory, known, now=instant(case["now"]))
        directory.check_current(one.document, one.document.body.to)

    if case["code"] is None:
        hand_in()
        _opens(case, directory)
    else:
        with refused(case["code"], **case["at"]):
            hand_in()


def _opens(case: Any, directory: Directory) -> None:
    """What is accepted opens for its sender and its recipient, with the seeds of their epochs."""
    document = documents.read(case["envelope"], schemas.Referral)
    seeds = {(one["agency"], one["epoch"]): one["seed"] for one in vectors("refusals")["epoch_seeds"]}
    binding = referral.binding_of(document, directory.at(document.body.directory.size))
    for reader in document.body.sealed.readers:
        key = KemKey(unb64(seeds[reader.agency, reader.epoch]))
        opened = open_set(binding, document.body.sealed, _blobs(BLOB_SETS[case["blobs"]]), reader.agency, key)
        assert set(opened) == {one.part for one in document.body.sealed.keys if one.agency == reader.agency}
        assert not any(isinstance(text, Refused) for text in opened.values())


@cases("refusals", "decisions")
def test_decisions(case: Any, entries: list[str]) -> None:
    directory = _directory(entries, case["directory_size"])
    known = Decisions.of([documents.read(one, schemas.Consent) for one in case["known"]])

    def hand_in() -> None:
        document = documents.read(case["envelope"], schemas.Consent)
        view = directory.check_signed(document, referral.WHO_SENDS)
        consent.check_decision(document.body)
        author = view.agency(document.body.author.agency)
        kind = author.kind if author else ""
        consent.check_version(document.body, known, at=instant(case["now"]), author_kind=kind)

    if case["code"] is None:
        hand_in()
    else:
        with refused(case["code"], **case["at"]):
            hand_in()


def test_every_refusal_of_a_referral_has_its_document() -> None:
    """All codes of §13 that a hub can give to a referral or a decision, but for those of its own state alone."""
    given = vectors("refusals")
    codes = {case["code"] for case in (*given["referrals"], *given["decisions"])}
    assert codes >= {
        None,
        "limit_exceeded",
        "not_canonical",
        "version_unsupported",
        "malformed",
        "signature_invalid",
        "key_unknown",
        "key_refused",
        "role_not_allowed",
        "epoch_stale",
        "directory_stale",
        "directory_fork",
        "hash_mismatch",
        "size_mismatch",
        "blob_missing",
        "blob_unexpected",
        "consent_withdrawn",
        "grant_refused",
        "grant_missing",
        "grant_expired",
        "authority_mismatch",
        "consent_superseded",
        "consent_author",
        "basis_not_allowed",
        "recipient_suspended",
        "head_moved",
        "clock_skew",
    }
