"""Her code at the keyboard: given with a referral, looked with, taken back with, replaced when it is lost."""

import asyncio
import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

from ortoo import practice, receipts
from ortoo.administration import grouped
from ortoo.protocol.documents import ctx, new_id
from ortoo.protocol.receipt import key_of
from tests.cli.conftest import SCENARIO, Ortoo
from tests.hubs import Hub
from tests.members import at_work

SHELTER = "Mongolian Gender Equality Centre"


def shown_of(code: str, network: str) -> str:
    """What a phone shows of the code that it made (protocol §8)."""
    key = key_of(code, network=network).public
    return grouped(key + sha256(ctx("receipt-part", network, key)).digest()[:3])


def hers(ortoo: Ortoo, *arguments: str) -> tuple[int, str]:
    """What a person without an account is told, and how it ended."""
    run = ortoo("--lang", "en", "receipt", *arguments)
    return run.returncode, run.stdout + run.stderr


def recorded(ortoo: Ortoo, id: str, path: Path) -> Any:
    run = ortoo("--as", "mrc.nara", "consent", "export", id, "--out", str(path))
    assert run.returncode == 0, run.stderr
    return json.loads(path.read_text(encoding="utf-8"))


def status_of(record: Any, agency: str) -> tuple[str, str]:
    """What it is, and since when."""
    (process,) = [one for one in record["dpv:hasProcess"] if one["dpv:hasRecipient"]["dct:identifier"] == agency]
    status = process["dpv:hasConsentStatus"]
    return status["@type"], status["dct:date"]


def state_of(record: Any, agency: str) -> str:
    return status_of(record, agency)[0]


def test_she_looks_takes_back_a_part_then_all_and_a_lost_code_is_replaced(ortoo: Ortoo, tmp_path: Path) -> None:
    given = ortoo.json("--as", "mrc.nara", "send", str(SCENARIO), "--yes", "--receipt", "full")
    id, code = given["sent"][0]["id"], given["receipt"]["code"]
    assert given["receipt"]["mode"] == "full"
    assert re.fullmatch(r"\d{4}( \d{4}){7}", code)

    status, said = hers(ortoo, code)
    assert status == 0
    assert "written down in the log that nobody can change" in said
    assert hers(ortoo, code, "--fingerprint", "A" * 52)[0] == 4  # the network of another hub
    assert re.search(rf"{SHELTER} can read: .*Until \d+ \w+ 20\d\d", said), said
    assert "They have not opened it." in said
    assert "Police: can read nothing" in said
    ortoo.json("--as", "mgec.delger", "open", id)
    assert "They opened it: " in hers(ortoo, *code.split())[1]  # in eight words, as it is printed

    assert hers(ortoo, "withdraw", code)[0] == 2  # nobody is there to be asked, and nothing is taken back
    status, said = hers(ortoo, "withdraw", code, "--agency", "mgek", "--yes")  # a slip, by which nothing would end
    assert (status, "no such agency. Nothing was taken back. [malformed: " in said) == (1, True), said
    assert hers(ortoo, "withdraw", "--yes", "--agency", "kind:ngo", *code.split())[0] == 1  # in any order
    assert "can read: Needs" in hers(ortoo, code)[1]
    status, said = hers(ortoo, "withdraw", code, "--agency", "mgec", "--section", "identity", "--yes")
    assert (status, said.splitlines()[0]) == (0, "Done. Whoever had it has been told, and must delete it.")
    opened = ortoo("--as", "mgec.delger", "--lang", "en", "open", id).stdout
    assert "Цэцэгмаа" not in opened
    assert "0000 1101" in opened  # how to reach her was not taken back

    taken_back = f"{SHELTER}: she took back with her code: Who the person is."
    shows = ("--lang", "en", "consent", "show", id)
    assert taken_back in ortoo("--as", "mrc.nara", *shows).stdout
    assert "took back" not in ortoo("--as", "mgec.delger", *shows).stdout  # what else she took back is not its own

    first = recorded(ortoo, id, tmp_path / "first.json")
    again = ("--as", "mrc.nara", "consent", "receipt", id, "--mode", "withdraw")
    assert ortoo(*again).returncode == 2
    renewed = ortoo.json(*again, "--yes")["receipt"]
    assert (renewed["mode"], renewed["code"] == code) == ("withdraw", False)
    assert "shows nothing" in hers(ortoo, renewed["code"])[1]
    status, unknown = hers(ortoo, code)
    assert status == 1

    before = recorded(ortoo, id, tmp_path / "before.json")
    assert state_of(before, "mgec") == "dpv:ConsentGiven"
    assert state_of(before, "kind:police") == "dpv:ConsentRefused"  # with another code, in its next version
    assert before["dct:created"] == first["dct:created"] <= before["dct:modified"]
    assert before["dpv:hasConsentControl"]["@type"] == "dpv:WithdrawConsent"
    assert before["dpv:hasDataSubject"]["dct:identifier"] == before["dct:identifier"]
    assert before["dpv:hasNotice"]["dct:language"] == "mn"
    status, said = hers(ortoo, "withdraw", renewed["code"], "--yes")
    assert status == 0, said
    assert "written down in the log that nobody can change" in said  # its own withdrawal, though it shows nothing
    after = recorded(ortoo, id, tmp_path / "after.json")
    assert status_of(after, "mgec") == ("dpv:ConsentWithdrawn", after["dct:modified"])
    assert status_of(before, "mgec")[1] == before["dct:modified"] <= after["dct:modified"]  # to the second
    assert "She took everything back with her code." in ortoo("--as", "mrc.nara", *shows).stdout
    assert ortoo("--as", "mgec.delger", "open", id).returncode == 1

    # A code of nobody is told as the one that was replaced, and a slip before anything is asked.
    nobodys = receipts.draw("full").code
    assert hers(ortoo, nobodys) == (1, unknown)
    digits = code.replace(" ", "")
    slip = digits[:5] + str((int(digits[5]) + 1) % 10) + digits[6:]
    status, said = hers(ortoo, slip)
    assert (status, "Compare it group by group." in said) == (1, True), said
    assert digits not in (unknown + said).replace(" ", "")
    assert hers(ortoo, "12") == (status, said)
    assert hers(ortoo, code, "--agency", "mgec")[0] == 2  # of a look nothing is chosen


def test_who_takes_none_is_given_none_and_a_referral_of_before_shows_no_code(ortoo: Ortoo) -> None:
    given = ortoo.json("--as", "mrc.nara", "send", str(SCENARIO), "--yes", "--receipt", "none")
    assert given["receipt"] is None
    id = given["sent"][0]["id"]
    assert "receipt" not in ortoo("--as", "mrc.nara", "--lang", "en", "consent", "show", id).stdout.lower()
    assert ortoo("--as", "mgec.delger", "consent", "receipt", id, "--mode", "full", "--yes").returncode == 1
    later = ortoo.json("--as", "mrc.nara", "consent", "receipt", id, "--mode", "full", "--yes")["receipt"]
    assert f"{SHELTER} can read: " in hers(ortoo, later["code"])[1]
    none = ("--as", "mrc.nara", "consent", "receipt", id, "--mode", "none", "--yes")
    assert ortoo.json(*none)["receipt"] is None
    assert hers(ortoo, later["code"])[0] == 1


async def receives(hub: Hub, handle: str, receiving: bool) -> None:
    async with at_work(hub, handle) as somebody:
        await somebody.client.set_receiving(receiving)


def test_the_code_that_her_own_phone_made_is_taken_as_it_shows_it_and_a_slip_is_told(ortoo: Ortoo, hub: Hub) -> None:
    network = practice.identity("mrc.nara", hub.practice).network
    first, second = (receipts.draw("full").code for _ in range(2))
    part = shown_of(first, network)
    send = ("--as", "mrc.nara", "--lang", "en", "send", str(SCENARIO), "--yes")
    assert ortoo(*send, "--receipt", "none", "--own-code", part).returncode == 2
    for slip in (part[:-1] + ("b" if part[-1] == "a" else "a"), part[:-5], "", shown_of(first, new_id())):
        told = ortoo(*send, "--receipt", "full", "--own-code", slip)
        assert (told.returncode, "not what her phone shows" in told.stderr) == (1, True), told.stderr
    # The shelter takes nobody for a moment: what is refused then goes out later on the very same code.
    asyncio.run(receives(hub, "mgec.delger", False))
    full = ortoo(*send, "--receipt", "full", "--own-code", part)
    assert (full.returncode, "[recipient_unavailable" in full.stderr) == (1, True), full.stderr
    asyncio.run(receives(hub, "mgec.delger", True))
    sent = ortoo.json(*send, "--receipt", "full", "--own-code", part.upper().replace(" ", "-"))
    assert sent["receipt"] == {"code": None, "mode": "full"}
    assert f"{SHELTER} can read: " in hers(ortoo, first)[1]

    renew = ("--as", "mrc.nara", "--lang", "en", "consent", "receipt", sent["sent"][0]["id"], "--mode", "full", "--yes")
    done = ortoo(*renew, "--own-code", shown_of(second, network))
    assert "nobody else has it" in done.stdout
    assert f"{SHELTER} can read: " in hers(ortoo, second)[1]
    assert hers(ortoo, first)[0] == 1
    used = ortoo(*renew, "--own-code", part)  # what was replaced is nobody's again
    assert (used.returncode, "[key_refused" in used.stderr) == (1, True)
