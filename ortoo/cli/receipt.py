"""`ortoo receipt CODE`, `ortoo receipt withdraw CODE`: what the person herself sees and takes back, with no account."""

import asyncio
from typing import Final

import msgspec

from ortoo import contract, receipt_proofs, receipts
from ortoo.administration import ungrouped
from ortoo.cli import DONE, UNTRUSTED
from ortoo.cli.asking import FINGERPRINT, typed_from_paper
from ortoo.cli.running import DISTRUST, Command, Run, Usage
from ortoo.client import Client, HubError, HubUnreachable
from ortoo.days import last_day
from ortoo.protocol import receipt as codes
from ortoo.protocol.consent import ALL
from ortoo.protocol.documents import b64
from ortoo.protocol.errors import Refused
from ortoo.words import Words, plain

WITHDRAW: Final = "withdraw"
PAUSES: Final = (0.0, 1.0, 3.0)  # seconds; a leaf gets its place within one, and its witnesses soon after
WRONG: Final = ("missing", "broken")
NOT_YET: Final = ("promised", "doubtful")


async def receipt(run: Run) -> int:
    options = run.options
    words = list(options.code)
    withdraws = words[:1] == [WITHDRAW]
    chosen = options.agency or options.section or options.purpose
    if chosen and not withdraws:
        raise Usage("error.receipt_look")
    given = options.fingerprint is not None
    anchor = b64(ungrouped(typed_from_paper(run, "fingerprint", FINGERPRINT))) if given else None
    code = " ".join(words[1:] if withdraws else words) or _typed(run)
    codes.parse_code(code)  # a slip is told before anything is asked or sent
    async with Client(run.hub) as client:
        if not withdraws:
            shown = await run.patiently(receipts.look(client, code))
        else:
            if not run.sure(run.words("receipt.ask_some" if chosen else "receipt.ask_all")):
                return DONE
            scope = receipts.scope(options.agency, options.section, options.purpose)
            shown = await run.patiently(receipts.withdraw(client, code, [scope]))
        mark = await run.patiently(_mark(client, code, shown, anchor)) if shown.documents else None
    status = UNTRUSTED if mark in WRONG else DONE
    if run.screen.json:
        run.screen.document({**msgspec.to_builtins(shown), "log": mark})
        return status
    if withdraws:
        run.screen.line(run.words("receipt.withdrawn"), "green")
    for line in told(shown, run.words):
        run.screen.line(line)
    if mark is not None:
        who = {"agency": _name(shown.recorder, run.words), "phone": plain(shown.recorder.phone)}
        run.screen.line("")
        run.screen.line(run.words(f"receipt.log.{mark}", **who), "bold" if mark in WRONG else "")
    return status


async def _mark(client: Client, code: str, shown: contract.ReceiptShown, anchor: str | None) -> str | None:
    """How what she decided, and took back, stands in the log: as its proof marks it; `broken` where what the hub shows
    of the log does not hold; `unseen` where it shows nothing now. None where the network has no such log.
    """
    mark = "unseen"
    for pause in PAUSES:
        await asyncio.sleep(pause)
        try:
            proof = await receipt_proofs.prove(client, code, shown, anchor=anchor)
        except Refused as refused:
            return "broken" if refused.code in DISTRUST else "unseen"
        except (HubError, HubUnreachable):
            return "unseen"
        if not proof.has_log:
            return None
        mark = proof.mark
        if mark not in NOT_YET:
            break
    return mark


def _typed(run: Run) -> str:
    if not run.screen.asks:
        raise Usage("error.needs", option="CODE")
    return run.screen.question(run.words("receipt.ask_code"))


def told(shown: contract.ReceiptShown, words: Words) -> list[str]:
    """What a code shows, in sentences."""
    recorder = _name(shown.recorder, words)
    if shown.holders is None:
        said = [words("receipt.shows_nothing", agency=recorder)]
    else:
        bases = [one.reviewer is None for one in shown.holders if one.basis is not None]
        without = bool(bases) and not any(bases)
        said = [words("receipt.passed_on" if without else "receipt.recorder", agency=recorder)]
        for one in shown.holders:
            said += ["", *_of_holder(one, words)]
    if shown.recorder.phone:
        said += ["", words("receipt.phone", agency=recorder, phone=plain(shown.recorder.phone))]
    return said


def _of_holder(one: contract.ReceiptHolder, words: Words) -> list[str]:
    name = _name(one.agency, words) if one.agency is not None else _several(one.to, words)
    said = []
    if one.sections and one.until is not None:
        sections, purposes = words.labels("sections", one.sections), words.labels("purposes", one.purposes)
        day = words.day(last_day(one.until))
        said.append(words("consent.may_read", agency=name, sections=sections, purposes=purposes, day=day))
    elif one.ended is not None:
        said.append(words("receipt.ended", agency=name, why=words(f"refused.{one.ended}")))
    if one.refused:
        if one.refused == [ALL]:
            said.append(words("consent.refused_all", agency=name))
        elif one.to == ALL:
            said.append(words("consent.nobody_reads", sections=words.labels("sections", one.refused)))
        else:
            said.append(words("consent.refused", agency=name, sections=words.labels("sections", one.refused)))
    if one.basis is not None and one.reviewer is not None:
        basis, reviewer = words.label("consent_bases", one.basis), _name(one.reviewer, words)
        said.append("  " + words("receipt.without", basis=basis, agency=reviewer, phone=plain(one.reviewer.phone)))
    for sent in one.referrals:
        said += ["  " + line for line in _of_referral(sent, words)]
    if not one.referrals and one.agency is not None and one.sections:
        said.append("  " + words("receipt.not_sent"))
    return said


def _of_referral(sent: contract.ReceiptReferral, words: Words) -> list[str]:
    said = [words("receipt.sent", at=words.moment(sent.sent_at), state=words.label("states", sent.state))]
    if sent.opened_at is None:
        said.append(words("receipt.not_opened"))
    else:
        said.append(words("receipt.opened", at=words.moment(sent.opened_at)))
    if sent.answered_at is not None:
        said.append(words("receipt.answered", at=words.moment(sent.answered_at)))
    if sent.parts:
        said.append(words("receipt.holds", sections=words.labels("sections", sent.parts)))
    else:
        said.append(words("receipt.holds_nothing"))
    if sent.owes_deletion:
        said.append(words("receipt.owes_deletion"))
    elif sent.deleted_at is not None:
        said.append(words("receipt.deleted", at=words.moment(sent.deleted_at)))
    if sent.out_of_backups_at is not None:
        said.append(words("receipt.backups", day=words.day(sent.out_of_backups_at)))
    return said


def _name(agency: contract.ReceiptAgency, words: Words) -> str:
    return plain(agency.name if words.language == "mn" else agency.name_en)


def _several(to: str, words: Words) -> str:
    if to == ALL:
        return words("consent.everybody")
    return words.label("agency_kinds", to.removeprefix("kind:"))


COMMANDS: Final[dict[str, Command]] = {"receipt": receipt}
