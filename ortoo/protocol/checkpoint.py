"""Signed tree heads (protocol §10): C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy.

ortoo.example/log/directory      origin: the log's key name
42                               size, decimal
CsUYapGGPo4dkMgIAUqom/Xaj…=      root, base64
                                 empty line
— ortoo.example/log/directory Az3grl…=     key id (4 bytes) ‖ Ed25519 over the text
— witness.example/w1 jWbPPwAAAABkGF…=      key id ‖ time (8 bytes) ‖ Ed25519 over "cosignature/v1\\ntime …\\n" ‖ text
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ortoo.protocol.documents import SigningKey, sha256, signed_by
from ortoo.protocol.errors import Refused

MAX_NOTE_LINES: Final = 64
AHEAD: Final = timedelta(minutes=10)  # that a witness's clock may be
MAX_LINE: Final = 400  # characters of a witness's line
FRESH: Final = timedelta(hours=24)  # the quorum's cosignatures may be as old as this

NOTE_KEY: Final = 0x01
COSIGNATURE_KEY: Final = 0x04


@dataclass(frozen=True)
class VerifierKey:
    """A vkey: `<name>+<key id, 8 hex digits>+base64(type ‖ Ed25519 public key)`."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        name, _, rest = text.partition("+")
        digits, _, material = rest.partition("+")
        raw = unbase64(material)
        if not _is_name(name) or len(raw) != 33 or raw[0] not in (NOTE_KEY, COSIGNATURE_KEY):
            raise Refused("malformed", field="policy")
        key = cls(name, raw[0], raw[1:])
        if key.id.hex() != digits:
            raise Refused("malformed", field="policy")
        return key


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()


def head_of(note: str) -> Checkpoint:
    """What a signed note is about; whether it is signed is not looked at. Raises Refused (`malformed`)."""
    return _parse_checkpoint(_split_note(note)[0])


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note; the log's key name is its origin."""
    verifier = VerifierKey(checkpoint.origin, NOTE_KEY, key.public)
    return checkpoint.text.decode() + "\n" + _line(verifier, key.sign_raw(checkpoint.text))


def cosign(note: str, name: str, key: SigningKey, at: datetime) -> str:
    """A witness's line over the text of a note (C2SP tlog-cosignature, Ed25519)."""
    text, _ = _split_note(note)
    seconds = int(at.timestamp())
    signature = key.sign_raw(_cosigned(text, seconds))
    return _line(VerifierKey(name, COSIGNATURE_KEY, key.public), seconds.to_bytes(8, "big") + signature)


@dataclass(frozen=True)
class Policy:
    """Which log keys and which witnesses make a checkpoint good (C2SP tlog-policy)."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """Strict: `malformed` for anything that the specification does not allow."""
        logs: list[VerifierKey] = []
        witnesses: dict[str, VerifierKey] = {}
        groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        used: set[str] = set()
        quorum = None
        if not text.endswith("\n") or any((c < " " and c not in "\t\n") or c == "\x7f" for c in text):
            raise Refused("malformed", field="policy")
        for line in text.split("\n"):
            match re.findall("[^ \t]+", line):  # spaces and tabs only: any other blank is part of a name
                case []:
                    continue
                case [word, *_] if word.startswith("#"):
                    continue
                case ["log", vkey, *url] if len(url) < 2:
                    logs.append(_key_of(vkey, NOTE_KEY, logs))
                case ["witness", name, vkey, *url] if len(url) < 2 and _is_new(name, witnesses, groups):
                    witnesses[name] = _key_of(vkey, COSIGNATURE_KEY, list(witnesses.values()))
                case ["group", name, k, *members] if _is_new(name, witnesses, groups) and members:
                    if any((m not in witnesses and m not in groups) or m in used for m in members):
                        raise Refused("malformed", field="policy")
                    if len(set(members)) != len(members):
                        raise Refused("malformed", field="policy")
                    used.update(members)
                    groups[name] = (_threshold(k, len(members)), tuple(members))
                case ["quorum", name] if quorum is None and (name in ("none", *witnesses, *groups)):
                    quorum = name
                case _:
                    raise Refused("malformed", field="policy")
        if quorum is None:
            raise Refused("malformed", field="policy")
        return cls(tuple(logs), witnesses, groups, quorum)

    def log_key(self, origin: str) -> VerifierKey:
        """A log line counts only for its own origin."""
        for key in self.logs:
            if key.name == origin:
                return key
        raise Refused("checkpoint_unwitnessed", "The network's policy names no log of this origin.")

    def log_named(self, ending: str) -> VerifierKey:
        """The newest log whose origin ends so (`/log/directory`, `/log/activity`)."""
        for key in reversed(self.logs):
            if key.name.endswith(ending):
                return key
        raise Refused("checkpoint_unwitnessed", "The network's policy names no such log.")

    def satisfied_by(self, cosigned: Mapping[str, datetime]) -> bool:
        """Whether these witnesses (by name in the policy) are a quorum. Each counts once."""
        return self.quorum == "none" or self._counts(self.quorum, cosigned)

    def _counts(self, name: str, cosigned: Mapping[str, datetime]) -> bool:
        if name in self.witnesses:
            return name in cosigned
        least, members = self.groups[name]
        return sum(self._counts(member, cosigned) for member in members) >= least


@dataclass(frozen=True)
class Opened:
    """A checkpoint that verified, and which witnesses cosigned it when."""

    checkpoint: Checkpoint
    cosigned: Mapping[str, datetime]

    def is_fresh(self, policy: Policy, now: datetime) -> bool:
        """Whether a quorum cosigned it within the last 24 hours. Without a quorum there is nothing to be old."""
        recent = {name: at for name, at in self.cosigned.items() if -AHEAD <= now - at <= FRESH}
        return policy.satisfied_by(recent)


def open_checkpoint(note: str, origin: str, policy: Policy) -> Opened:
    """Parse a note and verify the log's signature and the quorum. Else `checkpoint_unwitnessed` or `malformed`."""
    opened = open_signed(note, origin, policy)
    if not policy.satisfied_by(opened.cosigned):
        raise Refused("checkpoint_unwitnessed")
    return opened


def open_signed(note: str, origin: str, policy: Policy) -> Opened:
    """The same without a quorum: for witnesses, who make it."""
    text, lines = _split_note(note)
    checkpoint = _parse_checkpoint(text)
    if checkpoint.origin != origin:
        raise Refused("checkpoint_unwitnessed", "This is a checkpoint of another log.")
    log_key = policy.log_key(origin)
    signed = False
    cosigned: dict[str, datetime] = {}
    for name, key_id, signature in lines:
        if (name, key_id) == (log_key.name, log_key.id):
            signed = _must(signed_by(log_key.public, signature, text))
        for known, key in policy.witnesses.items():
            if (name, key_id) == (key.name, key.id):
                cosigned[known] = _check_cosignature(key, signature, text)
    if not signed:
        raise Refused("checkpoint_unwitnessed")
    return Opened(checkpoint, cosigned)


def with_cosignature(note: str, line: str, policy: Policy, now: datetime) -> str:
    """The note with one more witness's line, which takes the place of an older one of the same witness.

    Raises Refused: `malformed`; `checkpoint_unwitnessed` for a line that is not one of the policy's witnesses;
    `clock_skew` for one of a time to come, which no later one could replace.
    """
    text, _ = _split_note(note)
    if len(line) > MAX_LINE or line.count("\n") != 1:
        raise Refused("malformed", field="line")
    _, ((name, key_id, signature),) = _split_note(text.decode() + "\n" + line)
    for known, key in policy.witnesses.items():
        if (name, key_id) == (key.name, key.id):
            at = _check_cosignature(key, signature, text)
            if at - now > AHEAD:
                raise Refused("clock_skew", "The witness's clock is ahead. Set it.", field="line")
            return _replaced(note, line, known, at, policy)
    raise Refused("checkpoint_unwitnessed", "This is not a line of one of the network's witnesses.", field="line")


def _replaced(note: str, line: str, known: str, at: datetime, policy: Policy) -> str:
    key = policy.witnesses[known]
    text, lines = _split_note(note)
    kept = text.decode() + "\n"
    for name, key_id, signature in lines:
        before = f"\u2014 {name} {base64.b64encode(key_id + signature).decode()}\n"
        if (name, key_id) != (key.name, key.id):
            kept += before
        elif _check_cosignature(key, signature, text) >= at:
            return note
    return kept + line


def _must(verified: bool) -> bool:
    """A signature of a known key that fails spoils the whole note (C2SP signed-note)."""
    if not verified:
        raise Refused("checkpoint_unwitnessed", "A known key's signature on the checkpoint does not verify.")
    return True


def _check_cosignature(key: VerifierKey, signature: bytes, text: bytes) -> datetime:
    _must(len(signature) == 72)
    seconds = int.from_bytes(signature[:8], "big")
    _must(signed_by(key.public, signature[8:], _cosigned(text, seconds)))
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise Refused("checkpoint_unwitnessed", "A cosignature's time is not a time.") from None


def _cosigned(text: bytes, seconds: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % seconds + text


def _parse_checkpoint(text: bytes) -> Checkpoint:
    lines = text.decode().split("\n")
    if len(lines) != 4 or lines[3] or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
        raise Refused("malformed", field="checkpoint")
    if len(lines[1]) > 16 or (len(lines[1]) > 1 and lines[1][0] == "0"):
        raise Refused("malformed", field="checkpoint")
    root = unbase64(lines[2])
    if len(root) != 32:
        raise Refused("malformed", field="checkpoint")
    return Checkpoint(lines[0], int(lines[1]), root)


def _split_note(note: str) -> tuple[bytes, list[tuple[str, bytes, bytes]]]:
    """A note's text and its lines as (name, key id, signature)."""
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n") or note.count("\n") > MAX_NOTE_LINES:
        raise Refused("malformed", field="checkpoint")
    if any(ord(character) < 0x20 and character != "\n" for character in note):
        raise Refused("malformed", field="checkpoint")
    lines = []
    for line in tail[:-1].split("\n"):
        dash, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        raw = unbase64(encoded)
        if dash != "\u2014" or not _is_name(name) or len(raw) < 5:
            raise Refused("malformed", field="checkpoint")
        lines.append((name, raw[:4], raw[4:]))
    try:
        return (text + "\n").encode(), lines
    except UnicodeEncodeError:
        raise Refused("malformed", field="checkpoint") from None


def _line(key: VerifierKey, signature: bytes) -> str:
    return f"\u2014 {key.name} {base64.b64encode(key.id + signature).decode()}\n"


def unbase64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("malformed", field="base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Refused("malformed", field="base64")
    return raw


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _is_new(name: str, witnesses: Mapping[str, VerifierKey], groups: Mapping[str, object]) -> bool:
    return name != "none" and name not in witnesses and name not in groups


def _key_of(vkey: str, kind: int, others: Sequence[VerifierKey]) -> VerifierKey:
    key = VerifierKey.parse(vkey)
    if key.kind != kind or any(other.public == key.public for other in others):
        raise Refused("malformed", field="policy")
    return key


def _threshold(k: str, n: int) -> int:
    least = {"any": 1, "all": n}.get(k) or (int(k) if k.isascii() and k.isdigit() and len(k) < 4 else 0)
    if not 1 <= least <= n:
        raise Refused("malformed", field="policy")
    return least
