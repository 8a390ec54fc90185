"""Writes the vectors by which another implementation of the protocol is checked (protocol §16).

    .venv/bin/python -m tests.vectors.generate             what follows from fixed inputs alone
    .venv/bin/python -m tests.vectors.generate --reseal    and what is sealed and signed with drawn keys, anew

Sealing draws salts and ephemeral keys, so the sealed vectors are recorded once, and checked by opening them. What is
expected is computed here from the text of the protocol with hashlib, or written out; not with `ortoo.protocol`.
"""

# ruff: noqa: E501 - tables, one case a line

import argparse
import base64
import hashlib
import hmac
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from tests.vectors import sealed_vectors

FOLDER = Path(__file__).parent
NETWORK = "01935d2e-8f00-7000-8000-000000000001"
MEMBER = "01935d2e-8f00-7000-8000-000000000002"
UNLOCK = "01935d2e-8f00-7000-8000-000000000003"
BYTES = "Bytes are base64url without padding."


# --- the protocol's small words, written here from its text -----------------------------------------------------------


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def ctx(label: str, *elements: str | int | bytes) -> bytes:
    written = [("ortoo/v1/" + label).encode()]
    written += [one if isinstance(one, bytes) else str(one).encode() for one in elements]
    return b"".join(len(one).to_bytes(4, "big") + one for one in written)


def pae(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode()
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])


def expand(key: bytes, info: bytes) -> bytes:
    return hmac.digest(key, info + b"\x01", "sha256")


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return expand(hmac.digest(salt, secret, "sha256"), info)


def padme(length: int) -> int:
    if length < 2:
        return length
    e = math.floor(math.log2(length))
    s = math.floor(math.log2(e)) + 1
    unit: int = 2 ** (e - s)
    return math.ceil(length / unit) * unit


def public_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def signature_of(seed: bytes, message: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def jcs(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def envelope(kind: str, payload: bytes, *seeds: bytes) -> str:
    payload_type = f"application/vnd.ortoo.{kind}.v1+json"
    signatures = sorted(
        (
            {
                "keyid": b64(sha256(ctx("keyid", public_of(seed)))[:16]),
                "sig": b64(signature_of(seed, pae(payload_type, payload))),
            }
            for seed in seeds
        ),
        key=lambda one: one["keyid"],
    )
    return jcs({"payload": b64(payload), "payloadType": payload_type, "signatures": signatures}).decode()


# --- contexts, hashes, documents --------------------------------------------------------------------------------------


def contexts() -> dict[str, Any]:
    lists: list[list[str | int | bytes]] = [
        ["wrap"],
        ["auth"],
        ["receipt", NETWORK],
        ["keyring", NETWORK, MEMBER, 3],
        ["agency-key", NETWORK, "mgec", 12, MEMBER, bytes(range(32))],
        ["part", NETWORK, MEMBER, "mgec", "needs/file-1"],
        ["leaf", bytes(32), bytes(range(32))],
        ["x", "", "ab", b""],
        ["x", "Өртөө"],
    ]
    return {
        "about": f"ctx(label, elements…): “ortoo/v1/<label>”, then the elements, each behind its length (§2). {BYTES}",
        "cases": [
            {
                "label": label,
                "elements": [_element(one) for one in elements],
                "ctx": b64(ctx(str(label), *elements)),
            }
            for label, *elements in lists
        ],
    }


def _element(one: str | int | bytes) -> dict[str, Any]:
    if isinstance(one, bytes):
        return {"bytes": b64(one)}
    return {"number": one} if isinstance(one, int) else {"text": one}


def key_ids() -> dict[str, Any]:
    keys = [bytes(32), bytes(range(32)), public_of(b"n" * 32)]
    return {
        "about": f"keyid of an Ed25519 public key (§2). {BYTES}",
        "cases": [{"public_key": b64(key), "keyid": b64(sha256(ctx("keyid", key))[:16])} for key in keys],
    }


def encodings() -> dict[str, Any]:
    payloads = [("referral", b""), ("receipt", jcs(RECEIPT)), ("record", '{"a":"Ө"}'.encode())]
    seed = b"s" * 32
    return {
        "about": f"PAE (DSSE v1), H(doc) = SHA-256 of it, and the Ed25519 signature over it by the key of `seed`. {BYTES}",
        "seed": b64(seed),
        "public_key": b64(public_of(seed)),
        "cases": [
            {
                "payload_type": f"application/vnd.ortoo.{kind}.v1+json",
                "payload": b64(payload),
                "pae": b64(pae(f"application/vnd.ortoo.{kind}.v1+json", payload)),
                "sha256": b64(sha256(pae(f"application/vnd.ortoo.{kind}.v1+json", payload))),
                "signature": b64(signature_of(seed, pae(f"application/vnd.ortoo.{kind}.v1+json", payload))),
            }
            for kind, payload in payloads
        ],
    }


RECEIPT: Mapping[str, Any] = {
    "at": "2026-11-25T04:00:00Z",
    "challenge": b64(bytes(32)),
    "do": "look",
    "key": b64(public_of(b"r" * 32)),
    "network": NETWORK,
    "scope": None,
}
WITHDRAWAL: Mapping[str, Any] = {
    **RECEIPT,
    "do": "withdraw",
    "scope": [{"agencies": ["*"], "purposes": ["assess", "give_service"], "sections": ["contact"]}],
}


def payloads() -> dict[str, Any]:
    good = jcs(RECEIPT)

    def changed(**fields: Any) -> bytes:
        return jcs({**RECEIPT, **fields})

    def scope(**fields: Any) -> bytes:
        return jcs({**WITHDRAWAL, "scope": [{**WITHDRAWAL["scope"][0], **fields}]})

    texts: list[tuple[str, bytes, str | None]] = [
        ("as it should be", good, None),
        ("a withdrawal", jcs(WITHDRAWAL), None),
        ("nothing", b"", "not_canonical"),
        ("a space at the end", good + b" ", "not_canonical"),
        ("a space inside", good.replace(b":", b": ", 1), "not_canonical"),
        ("names out of order", b'{"b":1,"a":1}', "not_canonical"),
        ("a name twice", good.replace(b"{", b'{"at":"2026-11-25T04:00:00Z",', 1), "not_canonical"),
        ("a byte order mark", b"\xef\xbb\xbf" + good, "not_canonical"),
        ("not UTF-8", good.replace(b"look", b"\xff"), "not_canonical"),
        ("a lone surrogate", good.replace(b"look", b"\\ud800"), "not_canonical"),
        ("an escape that is not needed", good.replace(b"look", b"l\\u006fok"), "not_canonical"),
        ("a fraction", good.replace(b"null", b"1.0"), "not_canonical"),
        ("an exponent", good.replace(b"null", b"1e3"), "not_canonical"),
        ("a negative number", good.replace(b"null", b"-1"), "not_canonical"),
        ("2^53", good.replace(b"null", b"9007199254740992"), "not_canonical"),
        ("a name that is not ASCII", '{"Ө":1}'.encode(), "not_canonical"),
        ("a list that is not sorted", scope(purposes=["give_service", "assess"]), "not_canonical"),
        ("a list with the same twice", scope(purposes=["assess", "assess"]), "not_canonical"),
        ("depth 8 is read", b'{"a":[[[[[[[1]]]]]]]}', "malformed"),
        ("depth 9", b'{"a":[[[[[[[[1]]]]]]]]}', "limit_exceeded"),
        ("depth 9, and not even JSON", b"[[[[[[[[[", "limit_exceeded"),
        ("brackets in a text are no depth", changed(do="[[[[[[[[[[[["), "malformed"),
        ("a name of 65 bytes", jcs({"n" * 65: 1}), "limit_exceeded"),
        ("a text of 4,097 bytes", changed(do="x" * 4097), "limit_exceeded"),
        (
            "a text too long is told before a list that is not sorted",
            scope(purposes=["x" * 4097, "a"]),
            "limit_exceeded",
        ),
        ("a list that is not sorted is told before a field too many", jcs({"a": [2, 1]}), "not_canonical"),
        ("a field is missing", jcs({k: v for k, v in RECEIPT.items() if k != "scope"}), "malformed"),
        ("a field too many", changed(more=1), "malformed"),
        ("a field of another type", changed(do=1), "malformed"),
        ("an id in capitals", changed(network=NETWORK.upper()), "malformed"),
        ("an id that is a UUIDv4", changed(network=NETWORK.replace("-7000", "-4000")), "malformed"),
        ("a day that is not", changed(at="2026-02-29T00:00:00Z"), "malformed"),
        ("a second 60", changed(at="2026-11-25T04:00:60Z"), "malformed"),
        ("a time with an offset", changed(at="2026-11-25T04:00:00+08:00"), "malformed"),
        ("31 bytes", changed(key=b64(bytes(31))), "malformed"),
        ("32 bytes, the spare bits not zero", changed(key=b64(bytes(32))[:-1] + "B"), "malformed"),
        ("32 bytes with padding", changed(key=b64(bytes(32)) + "="), "malformed"),
        ("all and something else", scope(agencies=["*", "mgec"]), "malformed"),
        ("an empty scope", jcs({**WITHDRAWAL, "scope": []}), "malformed"),
        ("no agency", scope(agencies=[]), "malformed"),
        ("a handle of one letter", scope(agencies=["a"]), "malformed"),
        ("a code in capitals", scope(sections=["Needs"]), "malformed"),
    ]
    whole = json.loads(envelope("receipt", good, b"r" * 32))

    def outer(**fields: Any) -> str:
        return jcs({**whole, **fields}).decode()

    signature = whole["signatures"][0]
    envelopes: list[tuple[str, str, str | None]] = [
        ("as it should be", jcs(whole).decode(), None),
        ("a newline at the end", jcs(whole).decode() + "\n", "not_canonical"),
        ("another version", outer(payloadType="application/vnd.ortoo.receipt.v2+json"), "version_unsupported"),
        ("another kind", outer(payloadType="application/vnd.ortoo.record.v1+json"), "malformed"),
        ("no kind of ours", outer(payloadType="application/json"), "malformed"),
        ("no signature", outer(signatures=[]), "malformed"),
        ("two signatures", outer(signatures=[signature, signature]), "malformed"),
        ("17 signatures", outer(signatures=[signature] * 17), "limit_exceeded"),
        ("a payload with padding", outer(payload="e30="), "malformed"),
        ("a field too many", outer(more=1), "malformed"),
    ]
    return {
        "about": "Payloads and envelopes of a `receipt`, and the code with which each must be refused; null: it is read. "
        f"`payload` is that of an envelope that is otherwise in order. {BYTES}",
        "payloads": [{"about": about, "payload": b64(raw), "code": code} for about, raw, code in texts],
        "envelopes": [{"about": about, "envelope": text, "code": code} for about, text, code in envelopes],
    }


# --- padding, numbers, passphrase, receipt ----------------------------------------------------------------------------


def padding() -> dict[str, Any]:
    def of(part: str, length: int) -> dict[str, Any]:
        least = 256 if part == "note" else 1024
        return {"part": part, "length": length, "padded": max(least, padme(length + 1))}

    lengths = [0, 1, 255, 256, 1023, 1024, 1025, 1500, 5000, 16_384, 100_000, 262_144]
    text = "Сайн байна уу".encode()
    return {
        "about": "How long a text is after padding, a text padded, and padded texts that must be refused (cannot_open). "
        f"{BYTES}",
        "lengths": [of(part, length) for part in ("note", "needs", "evidence") for length in lengths],
        "text": b64(text),
        "as_note": b64((text + b"\x80").ljust(256, b"\0")),
        "refused": [b64(one) for one in (b"", bytes(256), text + bytes(3), text + b"\x80" + bytes(3) + b"\x01")],
    }


def safety_numbers() -> dict[str, Any]:
    def case(agency: str, key: bytes, kem: bytes) -> dict[str, Any]:
        digest = sha256(ctx("safety", NETWORK, agency, MEMBER, key, kem))
        groups = [f"{int.from_bytes(digest[5 * i : 5 * i + 5], 'big') % 100000:05d}" for i in range(6)]
        return {
            "network": NETWORK,
            "agency": agency,
            "member": MEMBER,
            "key": b64(key),
            "kem": b64(kem),
            "number": " ".join(groups),
        }

    return {
        "about": f"Safety numbers (§3): six groups of five digits. {BYTES}",
        "cases": [case("mgec", bytes(32), bytes(32)), case("legal-clinic", public_of(b"n" * 32), sha256(b"kem"))],
    }


def passphrases() -> dict[str, Any]:
    def case(login: str, passphrase: str) -> dict[str, Any]:
        name = unicodedata.normalize("NFKC", login).lower()
        salt = sha256(ctx("passphrase", NETWORK, name))[:16]
        secret = unicodedata.normalize("NFKC", passphrase).encode()
        m = Argon2id(salt=salt, length=32, iterations=3, lanes=1, memory_cost=65_536).derive(secret)
        return {
            "network": NETWORK,
            "login": login,
            "passphrase": passphrase,
            "salt": b64(salt),
            "m": b64(m),
            "auth": b64(expand(m, ctx("auth"))),
            "w": b64(expand(m, ctx("wrap"))),
        }

    secret = bytes(range(32))
    return {
        "about": "What a passphrase gives (§4): Argon2id, t=3, 64 MiB, p=1; and w of a recovery code or passkey. "
        f"{BYTES}",
        "cases": [case("nara@example.org", "зун намар өвөл хавар"), case("Nara@Example.ORG", "й ﬁ １"), case("b", "")],
        "secrets": [
            {
                "network": NETWORK,
                "member": MEMBER,
                "method": method,
                "secret": b64(secret),
                "w": b64(hkdf(secret, ctx(method, NETWORK, MEMBER), ctx("wrap"))),
            }
            for method in ("recovery", "passkey")
        ],
        "prf_input": {"network": NETWORK, "first": b64(sha256(ctx("prf", NETWORK)))},
    }


def receipts() -> dict[str, Any]:
    def check_digit(digits: str) -> str:
        p = 10
        for digit in digits:
            s = (p + int(digit)) % 10
            p = ((s or 10) * 2) % 11
        return str((11 - p) % 10)

    def case(digits: str) -> dict[str, Any]:
        code = digits + check_digit(digits)
        seed = hkdf(digits.encode(), ctx("receipt", NETWORK), ctx("receipt-sign"))
        return {
            "network": NETWORK,
            "code": " ".join(code[at : at + 4] for at in range(0, 32, 4)),
            "seed": b64(seed),
            "public_key": b64(public_of(seed)),
        }

    digits = "3141592653589793238462643383279"
    right = case(digits)["code"]
    seed = hkdf(digits.encode(), ctx("receipt", NETWORK), ctx("receipt-sign"))
    payload = jcs({**WITHDRAWAL, "key": b64(public_of(seed)), "challenge": b64(b"c" * 32)})
    return {
        "about": "Receipt codes (§8), codes that must be refused (malformed), and a withdrawal signed by the first code. "
        f"{BYTES}",
        "check_digits": [{"digits": "3339200596", "check": "1"}, {"digits": "8609574271", "check": "9"}],
        "cases": [case(digits), case("0" * 31), case("9" * 31)],
        "refused": [right[:-1], right + "0", right[:-1] + str((int(right[-1]) + 1) % 10), right.replace("3", "٣"), ""],
        "withdrawal": {
            "challenge": b64(b"c" * 32),
            "at": "2026-11-25T04:00:00Z",
            "envelope": envelope("receipt", payload, seed),
        },
    }


# --- the log ----------------------------------------------------------------------------------------------------------


def root(entries: Sequence[bytes]) -> bytes:
    if not entries:
        return sha256(b"")
    if len(entries) == 1:
        return sha256(b"\0" + entries[0])
    k = 2 ** ((len(entries) - 1).bit_length() - 1)
    return sha256(b"\1" + root(entries[:k]) + root(entries[k:]))


def path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = 2 ** ((len(entries) - 1).bit_length() - 1)
    return [*path(m, entries[:k]), root(entries[k:])] if m < k else [*path(m - k, entries[k:]), root(entries[:k])]


def subproof(m: int, entries: Sequence[bytes], b: bool) -> list[bytes]:
    if m == len(entries):
        return [] if b else [root(entries)]
    k = 2 ** ((len(entries) - 1).bit_length() - 1)
    if m <= k:
        return [*subproof(m, entries[:k], b), root(entries[k:])]
    return [*subproof(m - k, entries[k:], False), root(entries[:k])]


def leaves() -> dict[str, Any]:
    pairs = [(bytes(32), bytes(32)), (bytes(range(32)), sha256(b"a document"))]
    return {
        "about": f"Entries of the activity tree (§10): SHA-256(ctx(“leaf”, salt, H(doc))), and their leaf hash. {BYTES}",
        "cases": [
            {
                "salt": b64(salt),
                "document": b64(document),
                "entry": b64(sha256(ctx("leaf", salt, document))),
                "leaf_hash": b64(sha256(b"\0" + sha256(ctx("leaf", salt, document)))),
            }
            for salt, document in pairs
        ],
    }


def trees() -> dict[str, Any]:
    entries = [f"entry {number}".encode() for number in range(9)]
    inclusion, consistency = [], []
    for size in (1, 2, 5, 8, 9):
        for index in {0, size // 2, size - 1}:
            proof = path(index, entries[:size])
            inclusion.append({"index": index, "size": size, "proof": [b64(one) for one in proof], "good": True})
            inclusion.append(
                {"index": index, "size": size, "proof": [b64(one) for one in [*proof, bytes(32)]], "good": False}
            )
        for size1 in {1, (size + 1) // 2, size}:
            proof = subproof(size1, entries[:size], True)
            consistency.append({"size1": size1, "size2": size, "proof": [b64(one) for one in proof], "good": True})
            consistency.append(
                {"size1": size1, "size2": size, "proof": [b64(one) for one in [bytes(32), *proof]], "good": False}
            )
    consistency.append({"size1": 0, "size2": 5, "proof": [], "good": False})
    inclusion.append({"index": 5, "size": 5, "proof": [], "good": False})
    return {
        "about": "Trees (RFC 9162 §2.1) over `entries`; a proof is over the first `size` of them; a bad one is "
        f"`proof_invalid`. {BYTES}",
        "entries": [b64(one) for one in entries],
        "roots": [b64(root(entries[:size])) for size in range(10)],
        "inclusion": sorted(inclusion, key=jcs),
        "consistency": sorted(consistency, key=jcs),
    }


ORIGIN = "hub.example/log/directory"
LOG_SEED, WITNESS_SEEDS = b"l" * 32, {"w1": b"1" * 32, "w2": b"2" * 32, "w3": b"3" * 32}


def note_key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def vkey(name: str, kind: int, public: bytes) -> str:
    return f"{name}+{note_key_id(name, kind, public).hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"


def note(size: int, head: bytes, *, origin: str = ORIGIN, seed: bytes = LOG_SEED) -> str:
    text = f"{origin}\n{size}\n{base64.b64encode(head).decode()}\n"
    signed = note_key_id(origin, 1, public_of(seed)) + signature_of(seed, text.encode())
    return f"{text}\n\u2014 {origin} {base64.b64encode(signed).decode()}\n"


def cosignature(of: str, witness: str, time: int) -> str:
    text, name, seed = of.split("\n\n")[0] + "\n", f"{witness}.example", WITNESS_SEEDS[witness]
    signed = signature_of(seed, f"cosignature/v1\ntime {time}\n{text}".encode())
    line = note_key_id(name, 4, public_of(seed)) + time.to_bytes(8, "big") + signed
    return f"\u2014 {name} {base64.b64encode(line).decode()}\n"


def policy(quorum: str) -> str:
    lines = [f"log {vkey(ORIGIN, 1, public_of(LOG_SEED))}"]
    lines += [f"witness {one} {vkey(f'{one}.example', 4, public_of(seed))}" for one, seed in WITNESS_SEEDS.items()]
    return "\n".join([*lines, "group two 2 w1 w2 w3", f"quorum {quorum}", ""])


def checkpoints() -> dict[str, Any]:
    good, time = note(42, bytes(range(32))), 1_795_579_200
    w1, w2 = cosignature(good, "w1", time), cosignature(good, "w2", time)
    other = note(43, bytes(32))
    cases: list[tuple[str, str, str, str | None]] = [
        ("signed by the log, no quorum asked", "none", good, None),
        ("two of three witnesses", "two", good + w1 + w2, None),
        ("one witness is too few", "two", good + w1, "checkpoint_unwitnessed"),
        ("the same witness twice", "two", good + w1 + w1, "checkpoint_unwitnessed"),
        ("a witness of another checkpoint", "two", good + w1 + w2 + cosignature(other, "w3", time), "checkpoint_unwitnessed"),
        ("the log's line of another checkpoint", "none", good.split("\n\n")[0] + "\n\n" + other.split("\n\n")[1], "checkpoint_unwitnessed"),
        ("another origin", "none", note(42, bytes(32), origin="hub.example/log/activity"), "checkpoint_unwitnessed"),
        ("another key", "none", note(42, bytes(32), seed=b"x" * 32), "checkpoint_unwitnessed"),
        ("an extension line", "none", good.replace("\n\n", "\nmore\n\n"), "malformed"),
        ("a size with a zero in front", "none", good.replace("\n42\n", "\n042\n"), "malformed"),
        ("no signature", "none", good.split("\n\n")[0] + "\n\n", "malformed"),
        ("65 lines", "none", good + w1 * 60, "malformed"),
    ]  # fmt: skip
    return {
        "about": "C2SP notes of a log with this origin, under a tlog-policy; null: it is good. Root in base64url.",
        "origin": ORIGIN,
        "size": 42,
        "root": b64(bytes(range(32))),
        "policies": {quorum: policy(quorum) for quorum in ("none", "two")},
        "cases": [{"about": a, "policy": quorum, "note": text, "code": code} for a, quorum, text, code in cases],
    }


def cosignatures() -> dict[str, Any]:
    good = note(42, bytes(range(32)))
    return {
        "about": f"The line with which a witness cosigns a note (C2SP tlog-cosignature, Ed25519). {BYTES}",
        "note": good,
        "cases": [
            {
                "name": f"{witness}.example",
                "seed": b64(seed),
                "vkey": vkey(f"{witness}.example", 4, public_of(seed)),
                "time": 1_795_579_200,
                "line": cosignature(good, witness, 1_795_579_200),
            }
            for witness, seed in WITNESS_SEEDS.items()
        ],
    }


# --- the rule of §7 ---------------------------------------------------------------------------------------------------


def rules() -> dict[str, Any]:
    until = "2026-12-25T04:00:00Z"

    def grant(*sections: str, purposes: Sequence[str] = ("give_service",), until: str = until) -> dict[str, Any]:
        return {"sections": sorted(sections), "purposes": sorted(purposes), "until": until}

    def on(to: str, granted: Any = None, refused: Sequence[str] = (), **more: Any) -> dict[str, Any]:
        return {
            "to": to,
            "version": 1,
            "recorder": "mrc",
            "granted": granted,
            "refused": sorted(refused),
            "reviewer": None,
            **more,
        }

    def taken(agencies: str, sections: str, *purposes: str) -> dict[str, Any]:
        return {"scope": [{"agencies": [agencies], "sections": [sections], "purposes": sorted(purposes)}]}

    needs, two = on("mgec", grant("needs")), on("mgec", grant("needs", purposes=["assess", "give_service"]))
    everything = on("mgec", grant("*"))
    life = on("mgec", grant("needs"), reviewer="nhrcm")
    overturned = {"overturned": True}
    cases: list[tuple[str, list[Any], list[Any], str, str, str, Any]] = [
        # what is asked: agency and its kind, part, time; then the answer: the purposes, or the code
        ("granted", [needs], [], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("granted until, exclusive", [needs], [], "mgec", "needs", "2026-12-25T03:59:59Z", ["give_service"]),
        ("ended", [needs], [], "mgec", "needs", "2026-12-25T04:00:00Z", "grant_expired"),
        ("not granted", [needs], [], "mgec", "medical", "2026-11-25T04:00:00Z", "grant_missing"),
        ("not granted, and ended", [needs], [], "mgec", "medical", "2026-12-25T04:00:00Z", "grant_missing"),
        ("nothing decided about it", [needs], [], "iom", "needs", "2026-11-25T04:00:00Z", "grant_missing"),
        ("nothing decided at all", [], [], "mgec", "needs", "2026-11-25T04:00:00Z", "grant_missing"),
        ("everything", [everything], [], "mgec", "medical", "2026-11-25T04:00:00Z", ["give_service"]),
        ("a file goes with its section", [needs], [], "mgec", "needs/file-2", "2026-11-25T04:00:00Z", ["give_service"]),
        ("a file of another section", [needs], [], "mgec", "medical/file-1", "2026-11-25T04:00:00Z", "grant_missing"),
        ("refused and granted: refused", [on("mgec", grant("*"), ["medical"])], [], "mgec", "medical", "2026-11-25T04:00:00Z", "grant_refused"),
        ("refused and granted: the others", [on("mgec", grant("*"), ["medical"])], [], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("all refused", [on("mgec", grant("needs"), ["*"])], [], "mgec", "needs", "2026-11-25T04:00:00Z", "grant_refused"),
        ("refused to its kind", [needs, on("kind:ngo", None, ["needs"])], [], "mgec", "needs", "2026-11-25T04:00:00Z", "grant_refused"),
        ("refused to another kind", [needs, on("kind:police", None, ["needs"])], [], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("refused to everybody", [needs, on("*", None, ["needs"])], [], "mgec", "needs", "2026-11-25T04:00:00Z", "grant_refused"),
        ("refused, and ended: refused", [on("mgec", grant("needs"), ["needs"])], [], "mgec", "needs", "2026-12-25T04:00:00Z", "grant_refused"),
        ("the recorder reads what it wrote", [on("*", None, ["*"])], [], "mrc", "needs", "2026-11-25T04:00:00Z", []),
        ("the recorder reads the evidence", [needs], [], "mrc", "evidence", "2026-11-25T04:00:00Z", []),
        ("nobody else reads the evidence", [everything], [], "mgec", "evidence", "2026-11-25T04:00:00Z", "grant_missing"),
        ("nor a file of it", [on("mgec", grant("evidence"))], [], "mgec", "evidence/file-1", "2026-11-25T04:00:00Z", "grant_missing"),
        ("a note needs any grant", [needs], [], "mgec", "note", "2026-11-25T04:00:00Z", ["give_service"]),
        ("a note without a grant", [on("mgec", None, ["needs"])], [], "mgec", "note", "2026-11-25T04:00:00Z", "grant_missing"),
        ("a refused section refuses no note", [on("mgec", grant("needs"), ["note", "medical"])], [], "mgec", "note", "2026-11-25T04:00:00Z", ["give_service"]),
        ("all refused refuses a note", [on("mgec", grant("needs"), ["*"])], [], "mgec", "note", "2026-11-25T04:00:00Z", "grant_refused"),
        ("a note after the end", [needs], [], "mgec", "note", "2026-12-25T04:00:00Z", "grant_expired"),
        ("justification needs any grant", [needs], [], "mgec", "justification", "2026-11-25T04:00:00Z", ["give_service"]),
        ("the reviewer reads the justification", [life], [], "nhrcm", "justification", "2027-11-25T04:00:00Z", []),
        ("and nothing else", [life], [], "nhrcm", "needs", "2026-11-25T04:00:00Z", "grant_missing"),
        ("no reviewer without an exception", [needs], [], "nhrcm", "justification", "2026-11-25T04:00:00Z", "grant_missing"),
        ("withdrawn", [needs], [taken("mgec", "needs", "*")], "mgec", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("withdrawn from everybody", [needs], [taken("*", "*", "*")], "mgec", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("from the recorder too", [needs], [taken("*", "*", "*")], "mrc", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("the reviewer still reads the justification", [life], [taken("*", "*", "*")], "nhrcm", "justification", "2026-11-25T04:00:00Z", []),
        ("withdrawn from another", [needs], [taken("iom", "*", "*")], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("another section withdrawn", [everything], [taken("mgec", "contact", "*")], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("one purpose withdrawn", [two], [taken("mgec", "*", "assess")], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("every purpose withdrawn", [two], [taken("mgec", "*", "assess", "give_service")], "mgec", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("every purpose, in two withdrawals", [two], [taken("mgec", "needs", "assess"), taken("*", "*", "give_service")], "mgec", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("a purpose withdrawn that was not granted", [needs], [taken("mgec", "*", "assess")], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
        ("a purpose withdrawn where nothing was granted", [on("mgec")], [taken("mgec", "*", "assess")], "mgec", "needs", "2026-11-25T04:00:00Z", "grant_missing"),
        ("withdrawn is told before refused", [on("mgec", grant("needs"), ["*"])], [taken("mgec", "*", "*")], "mgec", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("a withdrawal of a section leaves the note", [two], [taken("mgec", "needs", "*")], "mgec", "note", "2026-11-25T04:00:00Z", ["assess", "give_service"]),
        ("overturned", [life], [overturned], "mgec", "needs", "2026-11-25T04:00:00Z", "consent_withdrawn"),
        ("overturned, but not for the recorder", [life], [overturned], "mrc", "needs", "2026-11-25T04:00:00Z", []),
        ("overturned, but not for the reviewer", [life], [overturned], "nhrcm", "justification", "2026-11-25T04:00:00Z", []),
        ("the newest version counts", [on("mgec", grant("needs", "medical")), on("mgec", grant("needs"), version=2)], [], "mgec", "medical", "2026-11-25T04:00:00Z", "grant_missing"),
        ("in whatever order they come", [on("mgec", grant("needs"), version=2), on("mgec", grant("needs", "medical"))], [], "mgec", "medical", "2026-11-25T04:00:00Z", "grant_missing"),
        ("a refusal that a newer version takes back", [on("mgec", grant("needs"), ["needs"]), on("mgec", grant("needs"), version=2)], [], "mgec", "needs", "2026-11-25T04:00:00Z", ["give_service"]),
    ]  # fmt: skip
    kinds = {"mgec": "ngo", "iom": "international", "mrc": "resource_centre", "nhrcm": "human_rights"}
    return {
        "about": "The rule of §7. Of each decision just the fields that it looks at (`reviewer`: of an exception, else "
        "null). A withdrawal is a receipt's `scope`, or a reviewer's `overturned`. May the agency (of `kind`) read the "
        "part at the time? `purposes`: yes, for these (none for recorder and reviewer); else `code`.",
        "cases": [
            {
                "about": about,
                "decisions": decisions,
                "withdrawals": withdrawals,
                "agency": agency,
                "kind": kinds[agency],
                "part": part,
                "at": at,
                **({"code": answer} if isinstance(answer, str) else {"purposes": answer}),
            }
            for about, decisions, withdrawals, agency, part, at, answer in cases
        ],
    }


# --- writing ----------------------------------------------------------------------------------------------------------

FIXED = {
    "ctx": contexts,
    "keyid": key_ids,
    "pae": encodings,
    "payloads": payloads,
    "padding": padding,
    "safety_number": safety_numbers,
    "passphrase": passphrases,
    "receipt": receipts,
    "leaf": leaves,
    "tree": trees,
    "checkpoint": checkpoints,
    "cosignature": cosignatures,
    "rule": rules,
}


def write(name: str, vectors: Mapping[str, Any]) -> None:
    text = json.dumps(vectors, ensure_ascii=False, indent=1, sort_keys=False)
    FOLDER.joinpath(f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reseal", action="store_true", help="draw new keys and seal the recorded vectors anew")
    arguments = parser.parse_args()
    for name, make in FIXED.items():
        write(name, make())
    if arguments.reseal:
        for name, make in sealed_vectors.SEALED.items():
            write(name, make())


if __name__ == "__main__":
    main()
