"""The person's receipt (protocol §8): a code of 32 digits that looks and withdraws, and what it signs."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from ortoo.protocol.consent import ALL, MAX_DECISIONS, nameable
from ortoo.protocol.documents import (
    Document,
    SigningKey,
    as_set,
    b64,
    check_clock,
    check_signing_key,
    ctx,
    sign,
    stamp,
    unb64,
    verify,
)
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import hkdf
from ortoo.protocol.schemas import Receipt, Scope

DIGITS: Final = 31  # random ones; the 32nd checks them
MOST_SCOPES: Final = 64  # of a withdrawal


def draw() -> str:
    """A new code, in eight groups of four digits: 31 random digits (103 bits) and a check digit."""
    digits = ""
    while len(digits) < DIGITS:
        byte = secrets.token_bytes(1)[0]
        if byte < 250:
            digits += str(byte % 10)
    return grouped(digits + check_digit(digits))


def grouped(code: str) -> str:
    return " ".join(code[i : i + 4] for i in range(0, len(code), 4))


def check_digit(digits: str) -> str:
    """ISO/IEC 7064 MOD 11,10."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return str((11 - product) % 10)


def parse_code(text: str) -> str:
    """The 31 digits of a code as people type it: spaces and dashes do not matter. `malformed` for a typing error."""
    digits = "".join(character for character in text if character not in " -\u00a0\u2009\u2013")
    if len(digits) != DIGITS + 1 or not (digits.isascii() and digits.isdigit()):
        raise Refused("malformed", "The code has 32 digits, in eight groups of four.", field="receipt_code")
    if check_digit(digits[:-1]) != digits[-1]:
        raise Refused(
            "malformed", "One of the digits is not right. Compare the code with the card.", field="receipt_code"
        )
    return digits[:-1]


def key_of(code: str, *, network: str) -> SigningKey:
    """The code's own signing key. The code itself is never sent."""
    return SigningKey(hkdf(parse_code(code).encode(), salt=ctx("receipt", network), info=ctx("receipt-sign")))


def make(
    key: SigningKey,
    *,
    network: str,
    challenge: bytes,
    do: Literal["look", "withdraw"],
    at: datetime,
    scope: Sequence[Scope] | None = None,
) -> Document[Receipt]:
    """A look or a withdrawal over a challenge of the hub (32 bytes, 5 minutes, once)."""
    body = Receipt(
        network=network,
        at=stamp(at),
        key=b64(key.public),
        challenge=b64(challenge),
        do=do,
        scope=as_set(scope) if scope is not None else None,
    )
    return sign(body, key)


def check_scope(scopes: Sequence[Scope]) -> None:
    """That what is taken back can be taken back: `malformed` for what nobody knows, `limit_exceeded`."""
    if len(scopes) > MOST_SCOPES or any(len(one.agencies) > MAX_DECISIONS for one in scopes):
        raise Refused("limit_exceeded", field="scope", most=MOST_SCOPES)
    for one in scopes:
        for where, named in (("sections", one.sections), ("purposes", one.purposes)):
            if not set(named) - {ALL} <= nameable(where):
                raise Refused("malformed", "The vocabulary has no such code to take back.", field=f"scope.{where}")


def check(document: Document[Receipt], *, network: str, challenge: bytes, now: datetime) -> None:
    """The key that it brings has signed it, over this challenge, now; a withdrawal has a scope and a look has none.

    A wrong signature, network or challenge gets the answer of an unknown key, `receipt_unknown` (§8).
    """
    body = document.body
    if (body.do == "withdraw") != (body.scope is not None):
        raise Refused("malformed", field="scope")
    try:
        check_signing_key(unb64(body.key))
        verify(document, unb64(body.key))
    except Refused:
        raise Refused("receipt_unknown") from None
    if body.network != network or body.challenge != b64(challenge):
        raise Refused("receipt_unknown")
    check_clock(body.at, now)
