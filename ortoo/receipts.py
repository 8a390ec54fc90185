"""The person's receipt (protocol §8): a code for her, and what she does with it herself, without an account.

    given = receipts.draw("full")
    await session.send(form, given)        # then show her given.code, once

    async with Client(hub) as client:
        shown = await receipts.look(client, code)
        shown = await receipts.withdraw(client, code, [receipts.everything()])
        found = await receipt_proofs.prove(client, code, shown)     # that it is in the log

What `look` shows is the hub's word, as far as no signed decision says it: her device holds no directory.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, TypeVar

import msgspec

from ortoo import contract
from ortoo.administration import ungrouped
from ortoo.client import Client, HubUnreachable
from ortoo.protocol import receipt, schemas
from ortoo.protocol.consent import ALL
from ortoo.protocol.documents import Document, as_set, b64, check_signing_key, ctx, sign, stamp, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.receipt import key_of
from ortoo.session import Session

T = TypeVar("T")

Mode = Literal["full", "withdraw"]

KEY: Final = 32  # bytes of what a phone shows; those behind check it
CHECK: Final = 3
TRIES: Final = 3  # each with a challenge of its own, when the line fails


@dataclass(frozen=True)
class Receipt:
    """A code that was drawn and what it may do. The code is shown once and kept nowhere."""

    code: str = field(repr=False)
    mode: Mode

    def key(self, network: str) -> schemas.ReceiptKey:
        """What decisions name of it."""
        return schemas.ReceiptKey(key=b64(key_of(self.code, network=network).public), mode=self.mode)


@dataclass(frozen=True)
class OwnReceipt:
    """Of a code that she made on her own phone: the public part that it shows, as it was typed."""

    part: str
    mode: Mode

    def key(self, network: str) -> schemas.ReceiptKey:
        """What decisions name of it. Raises Refused: `malformed` for a slip, or for another network's."""
        try:
            shown = ungrouped(self.part)
        except ValueError:
            shown = b""
        key, check = shown[:KEY], shown[KEY:]
        if len(key) < KEY or check != sha256(ctx("receipt-part", network, key)).digest()[:CHECK]:
            raise Refused("malformed", "This is not what the phone shows.", field="receipt_part")
        check_signing_key(key)
        return schemas.ReceiptKey(key=b64(key), mode=self.mode)


def draw(mode: Mode) -> Receipt:
    return Receipt(receipt.draw(), mode)


def wanted(mode: str | None) -> Receipt | None:
    """A new code of this mode of the vocabulary; None where she takes none."""
    match mode:
        case "full" | "withdraw":
            return draw(mode)
        case _:
            return None


def everything() -> schemas.Scope:
    return scope()


def scope(
    agencies: Sequence[str] | None = None, sections: Sequence[str] | None = None, purposes: Sequence[str] | None = None
) -> schemas.Scope:
    """These agencies × sections × purposes; what is left out means all."""
    named = (as_set(one) if one else [ALL] for one in (agencies, sections, purposes))
    return schemas.Scope(**dict(zip(("agencies", "sections", "purposes"), named, strict=True)))


async def look(client: Client, code: str) -> contract.ReceiptShown:
    """Who can read what, for what purpose, until when; whether they opened and answered.

    Raises Refused: `malformed` for a slip in the code, before anything is sent; `receipt_unknown`, `throttled`.
    """
    shown, _ = await answered(client, code, "look", None, client.look_with_receipt)
    return shown


async def withdraw(client: Client, code: str, scopes: Sequence[schemas.Scope]) -> contract.ReceiptShown:
    """Take back, at once and for good: what is withdrawn can be granted again only under a new consent.

    Said again after a lost answer, it changes nothing more. Raises Refused, as `look`, or `basis_not_allowed`.
    What was signed here is among the `documents` of what it gives, whatever the code shows.
    """
    shown, signed = await answered(client, code, "withdraw", scopes, client.withdraw_with_receipt)
    return msgspec.structs.replace(shown, documents=[*(one for one in shown.documents if one != signed), signed])


async def answered(
    client: Client,
    code: str,
    do: Literal["look", "withdraw"],
    scopes: Sequence[schemas.Scope] | None,
    ask: Callable[[str], Awaitable[T]],
) -> tuple[T, str]:
    """What the hub answers to a document signed by the code's key, and that document."""
    receipt.parse_code(code)
    tries = TRIES
    while True:
        given = await client.receipt_challenge()
        key = key_of(code, network=given.network)
        signed = receipt.make(
            key, network=given.network, challenge=unb64(given.challenge), do=do, at=given.now, scope=scopes
        )
        try:
            return await ask(signed.envelope), signed.envelope
        except HubUnreachable:
            tries -= 1
            if not tries:
                raise


async def replace(
    session: Session, consent: str, new: Receipt | OwnReceipt | None
) -> tuple[Document[schemas.Consent], ...]:
    """In place of a code that was lost, another one, or none: a new version of each decision, all together. The old
    code can still withdraw, and never look. The recorder alone can. Raises Refused: `not_found`, `consent_author`,
    `head_moved`.
    """
    known, signer = await session.decisions(consent), session.signer
    if any(one.body.recorder != signer.agency for one in known.newest.values()):
        raise Refused("consent_author", consent=consent)
    key = new.key(session.directory.id) if new is not None else None
    signed = tuple(
        sign(
            msgspec.structs.replace(
                before.body,
                at=stamp(session.now()),
                directory=signer.directory.head,
                author=signer.author,
                version=before.body.version + 1,
                prev=before.sha256,
                receipt=key,
                sealed=None,
            ),
            signer.key,
        )
        for _, before in sorted(known.newest.items())
    )
    await session.hand_in_decisions(signed)
    return signed
