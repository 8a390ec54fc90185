"""The command line of people who sign in, join, administrate and coordinate: stories told at a keyboard."""

import json
import re
import secrets
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ortoo.cli.practice import leaving_digits_to_sign_in
from ortoo.device import Device
from ortoo.protocol.documents import b64
from tests.cli.conftest import SCENARIO, Ortoo
from tests.hubs import Hub
from tests.people.newcomers import fingerprint
from tests.people.terminal import Paper, Person, Terminal, practice_terminal, wrong
from tests.stores import Stores


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    """The command line meets the hub's API alone: one store tells as much as two."""
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


@pytest.fixture
def practice(hub: Hub) -> Ortoo:
    """Practice members, in English."""
    ortoo = Ortoo(hub.practice, hub.url)
    ortoo.environment["LANG"] = "en_GB.UTF-8"
    return ortoo


@pytest.fixture
def form(tmp_path: Path) -> str:
    """A form for the shelter that whoever holds it may send."""
    content = json.loads(SCENARIO.read_text(encoding="utf-8"))
    del content["sender"]
    path = tmp_path / "form.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


NARA = ("--as", "mrc.nara")
BOLD, EMMA = ("--as", "nhrcm.bold"), ("--as", "iom.emma")


def invited(practice: Ortoo, handle: str, *roles: str) -> Paper:
    chosen = [argument for role in roles or ("focal_point",) for argument in ("--role", role)]
    names = ("--name", "Сарнай", "--name-en", "Sarnai")
    return Paper(**practice.json(*NARA, "members", "invite", handle, *names, *chosen)["paper"])


def newcomer(tmp_path: Path) -> Person:
    return Person(f"mrc.{secrets.token_hex(4)}", tmp_path)


def member(practice: Ortoo, tmp_path: Path) -> Person:
    """Somebody who has joined and is confirmed."""
    person = newcomer(tmp_path)
    person.joins(invited(practice, person.login))
    practice.json(*NARA, "members", "confirm", person.login, "--number", person.number)
    return person


def test_a_members_whole_life(hub: Hub, practice: Ortoo, tmp_path: Path, form: str) -> None:
    sarnai = newcomer(tmp_path)
    screen = sarnai.joins(invited(practice, sarnai.login)).said
    assert "Read these to your administrator" in screen
    assert "You wait to be confirmed as: Focal point. Who can do it:" in screen
    assert "(mrc.nara)" in screen

    # She waits, and can do nothing yet.
    assert [one["handle"] for one in sarnai.json("waiting")["waiting"]["administrators"]] == ["mrc.nara"]
    early = sarnai.command()("inbox")
    assert (early.returncode, "not confirmed yet" in early.stderr) == (1, True)

    # The administrator types what she hears: another number is refused, and nothing is signed.
    waits = practice(*NARA, "members", "candidates").stdout
    assert sarnai.login in waits
    assert sarnai.number.split()[0] not in waits
    assert "Waiting to be confirmed: 1" in practice(*NARA, "members").stdout
    refused = practice(*NARA, "members", "confirm", sarnai.login, "--number", wrong(sarnai.number))
    assert refused.returncode == 4
    assert "Nothing was signed" in refused.stderr
    assert sarnai.number.split()[0] not in refused.stderr
    nara = practice_terminal(hub.practice, hub.url, *NARA, "members", "confirm", sarnai.login)
    nara.reads(rf"Confirming Sarnai \({sarnai.login}\) as: Focal point")
    nara.answers("that you heard: $", sarnai.number.replace(" ", "  "))
    nara.reads("Confirmed: Sarnai")
    assert nara.ends() == 0

    # At work; then the key is changed, and she works on.
    assert "You wait for nobody. Roles: Focal point." in sarnai.command()("waiting").stdout
    (sent,) = sarnai.json("send", form, "--yes")["sent"]
    assert practice.json("--as", "mgec.delger", "open", sent["id"])["sections"]
    assert re.search(r"a new key, number \d+, and all its members hold it", practice(*NARA, "members", "rotate").stdout)
    assert sarnai.json("show", sent["id"])["referral"]["state"] == "opened"
    assert len(sarnai.json("send", form, "--yes")["sent"]) == 1

    # Another role, and the end.
    practice.json(*NARA, "members", "roles", sarnai.login, "--role", "focal_point", "--role", "administrator")
    assert sarnai.json("waiting")["roles"] == ["administrator", "focal_point"]
    unasked = practice(*NARA, "members", "remove", sarnai.login)
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True)
    nara = practice_terminal(hub.practice, hub.url, *NARA, "members", "remove", sarnai.login)
    nara.reads("is signed out everywhere at once")
    nara.answers(r"\[y/N\] $", "n")
    nara.reads("Nothing was done")
    assert nara.ends() == 0
    practice.json(*NARA, "members", "remove", sarnai.login, "--yes")
    ended = sarnai.command()("outbox")
    assert (ended.returncode, "You are signed out" in ended.stderr) == (1, True)
    assert sarnai.login not in [one["handle"] for one in practice.json(*NARA, "members")["members"]]


def test_who_waits_can_be_turned_away_and_a_paper_is_good_once(practice: Ortoo, tmp_path: Path) -> None:
    one = newcomer(tmp_path)
    paper = invited(practice, one.login)
    one.joins(paper)
    practice.json(*NARA, "members", "turn-away", one.login, "--yes")
    away = one.command()("waiting")
    assert (away.returncode, "signed out" in away.stderr) == (1, True)
    gone = practice(*NARA, "members", "confirm", one.login, "--number", one.number)
    assert (gone.returncode, "Nobody waits" in gone.stderr) == (2, True)

    other = newcomer(tmp_path)
    again = other.at_the_keyboard("join", "--hub", paper.hub, "--fingerprint", paper.fingerprint)
    again.answers("The code on the paper: $", paper.code)
    again.reads("was used already")
    assert again.ends() == 1
    forged = other.at_the_keyboard("join", "--hub", paper.hub)
    forged.answers("from the paper: $", "a" + paper.fingerprint[1:] if paper.fingerprint[0] != "a" else "b" * 52)
    forged.reads("another network than the fingerprint names")
    assert forged.ends() == 4
    mistyped = other.at_the_keyboard("join", "--hub", paper.hub, "--fingerprint", "abcd 1234")
    mistyped.reads("52 letters and digits")
    assert mistyped.ends() == 2
    assert "abcd" not in mistyped.said


def test_who_lost_the_device_comes_back_with_new_keys(practice: Ortoo, tmp_path: Path, form: str) -> None:
    one = member(practice, tmp_path)
    (sent,) = one.json("send", form, "--yes")["sent"]
    names = ("--name", "Сарнай", "--name-en", "Sarnai", "--role", "focal_point", "--again", one.login)
    paper = Paper(**practice.json(*NARA, "members", "invite", one.login, *names)["paper"])
    back = Person(one.login, tmp_path / "new device")
    back.joins(paper)
    assert back.number != one.number
    lost = one.command()("outbox")
    assert (lost.returncode, "signed out" in lost.stderr) == (1, True)
    old = practice(*NARA, "members", "confirm", one.login, "--number", one.number)
    assert old.returncode == 4
    practice.json(*NARA, "members", "confirm", one.login, "--number", back.number)
    assert back.json("show", sent["id"])["referral"]["state"] == "sent"
    assert len(back.json("send", form, "--yes")["sent"]) == 1


def test_a_paper_can_be_voided(practice: Ortoo, tmp_path: Path) -> None:
    one = newcomer(tmp_path)
    paper = invited(practice, one.login)
    assert one.login in practice(*NARA, "members", "invitations").stdout
    assert "void" in practice(*NARA, "members", "withdraw", one.login).stdout
    assert practice(*NARA, "members", "withdraw", one.login).returncode == 2
    late = one.at_the_keyboard("join", "--hub", paper.hub, "--fingerprint", paper.fingerprint, "--code", paper.code)
    late.reads("not known, was used already, or has run out")
    assert late.ends() == 1


def test_ones_own_passphrase_is_typed_twice(practice: Ortoo, tmp_path: Path) -> None:
    one = newcomer(tmp_path)
    paper = invited(practice, one.login)
    typing = one.at_the_keyboard(
        "join", "--hub", paper.hub, "--fingerprint", paper.fingerprint, "--code", paper.code, "--login", one.login
    )
    typing.answers("or type one of your own: $", "short")
    typing.reads("Too short")
    typing.answers("or type one of your own: $", "сайн нууц үг")
    typing.answers("Once more: $", "сайн нууц уг")
    typing.reads("not the same")
    typing.answers("or type one of your own: $", "сайн нууц үг")
    typing.answers("Once more: $", "сайн нууц үг")
    typing.reads("Six digits that it shows now: $")
    typing.presses(b"\x03")
    typing.reads("Stopped")
    assert typing.ends() == 130
    assert "нууц үг" not in typing.said


def test_an_agencys_whole_life(hub: Hub, practice: Ortoo, tmp_path: Path, form: str) -> None:
    agency = f"new-{secrets.token_hex(4)}"
    oyun = Person(f"{agency}.oyun", tmp_path)
    names = ("--name", "Шинэ төв", "--name-en", "New Centre", "--kind", "ngo", "--admin", oyun.login)
    applying = oyun.at_the_keyboard(
        "apply", agency, *names, "--hub", hub.url, "--fingerprint", fingerprint(hub), "--login", oyun.login
    )
    applying.answers("Your name in Mongolian: $", "Оюун")
    applying.answers("Your name in English: $", "Oyun")
    assert "wait for the coordinators" in oyun.finishes(applying).said
    early = oyun.command()("members", "begin")
    assert (early.returncode, "coordinators have to sign" in early.stderr) == (1, True)

    # One coordinator admits, the other signs: each says what, and compares the number.
    applied = practice.json(*BOLD, "coordinators", "applications")["applications"]
    assert agency in [one["handle"] for one in applied]
    assert practice(*NARA, "coordinators", "applications").returncode == 1
    bold = practice_terminal(hub.practice, hub.url, *BOLD, "coordinators", "admit", agency)
    bold.reads(rf"New Centre \({agency}\), Non-governmental organisation, is admitted")
    bold.answers("that you heard: $", oyun.number)
    bold.answers(r"Sign it\? \[y/N\] $", "y")
    bold.reads("So far 1 of 2 coordinators")
    assert bold.ends() == 0
    assert "1 of 2 have signed" in practice(*EMMA, "coordinators", "proposals").stdout
    assert practice(*EMMA, "coordinators", "sign", agency, "--yes", "--number", wrong(oyun.number)).returncode == 4
    assert practice(*EMMA, "coordinators", "sign", agency, "--yes").returncode == 2
    signed = practice.json(*EMMA, "coordinators", "sign", agency, "--yes", "--number", oyun.number)
    assert signed["proposal"]["in_force"]

    assert "has begun" in oyun.command()("members", "begin").stdout
    (sent,) = oyun.json("send", form, "--yes")["sent"]
    assert practice.json("--as", "mgec.delger", "accept", sent["id"])["referral"]["state"] == "accepted"

    # Suspended by two, and reinstated by two.
    assert not practice.json(*EMMA, "coordinators", "suspend", agency, "--yes")["proposal"]["in_force"]
    (waiting,) = [
        one for one in practice.json(*BOLD, "coordinators", "proposals")["proposals"] if one["about"] == agency
    ]
    assert waiting["means"] == [f"New Centre ({agency}) is suspended: it takes part in nothing new."]
    assert practice.json(*BOLD, "coordinators", "sign", agency, "--yes")["proposal"]["in_force"]
    stopped = oyun.command()("send", form, "--yes")
    assert (stopped.returncode, "suspended" in stopped.stderr) == (1, True)
    practice.json(*BOLD, "coordinators", "reinstate", agency, "--yes")
    emma = practice_terminal(hub.practice, hub.url, *EMMA, "coordinators", "sign", agency)
    emma.reads("takes part again")
    emma.answers(r"\[y/N\] $", "y")
    emma.reads("it is in force")
    assert emma.ends() == 0
    assert len(oyun.json("send", form, "--yes")["sent"]) == 1


def test_an_application_is_turned_down(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    agency = f"new-{secrets.token_hex(4)}"
    one = Person(f"{agency}.one", tmp_path)
    names = ("--name", "Шинэ", "--name-en", "New", "--kind", "ngo", "--admin", one.login)
    own = ("--admin-name", "Нэг", "--admin-name-en", "One", "--login", one.login)
    one.finishes(
        one.at_the_keyboard("apply", agency, *names, *own, "--hub", hub.url, "--fingerprint", fingerprint(hub))
    )
    asked = practice_terminal(hub.practice, hub.url, *BOLD, "coordinators", "turn-down", agency)
    asked.answers(r"\[y/N\] $", "y")
    assert asked.ends() == 0
    assert one.command()("waiting").returncode == 1
    assert practice(*BOLD, "coordinators", "turn-down", agency, "--yes").returncode == 2


def test_a_second_device_and_the_end_of_the_first(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    one = member(practice, tmp_path)

    def signs_in(device: str, passphrase: str, second: str) -> Terminal:
        terminal = one.at_the_keyboard("login", "--hub", hub.url, device=device)
        terminal.answers("Login: $", one.login.upper())
        terminal.answers("from the paper: $", fingerprint(hub))
        terminal.answers(f"Passphrase of {one.login}: $", passphrase)
        terminal.answers("or a recovery code: $", second)
        return terminal

    # Whatever is wrong, it is the same sentence; a code that came with a wrong passphrase stays good.
    code = one.code()
    for passphrase, second in (("wrong wrong wrong", code), (one.passphrase, "000000")):
        wrongly = signs_in("telephone", passphrase, second)
        wrongly.reads("Login, passphrase or second factor are not right")
        assert wrongly.ends() == 1
        assert passphrase not in wrongly.said
    rightly = signs_in("telephone", one.passphrase, code)
    rightly.reads(rf"Signed in: Sarnai \({one.login}\).\nRoles: Focal point.")
    assert rightly.ends() == 0
    telephone = one.command("telephone")

    # The first device is ended from the second. It signs in again, without a fingerprint, with a code on paper.
    listed = telephone.json("sessions")["sessions"]
    (lost,) = [session["id"] for session in listed if not session["current"]]
    assert len(listed) == 2
    assert "has ended" in telephone("sessions", "--end", lost[-8:]).stdout
    ended = one.command()("inbox")
    assert (ended.returncode, "signed out" in ended.stderr) == (1, True)
    assert one.json("login", "--recovery", one.codes[0])["account"]["roles"] == ["focal_point"]
    assert one.command()("login", "--recovery", one.codes[0]).returncode == 1

    # A new passphrase ends the others, and opens here at once.
    changing = one.at_the_keyboard("passphrase")
    changing.answers("Passphrase of .*: $", one.passphrase)
    new = changing.reads(r"\n +([a-z]{4}(?:-[a-z]{4}){4})\n")[1]
    changing.answers("or type one of your own: $", "")
    changing.reads("The passphrase is changed")
    assert changing.ends() == 0
    assert telephone("inbox").returncode == 1
    assert one.command(XDG_RUNTIME_DIR="")("inbox").returncode == 1  # the file has the old one
    one.passphrase = new
    assert one.command(XDG_RUNTIME_DIR="").json("inbox")["referrals"] is not None
    codes = one.json("recovery-codes")["recovery_codes"]
    assert len(set(codes) - set(one.codes)) == 10
    assert one.json("login", "--recovery", codes[0])["account"]["login"] == one.login

    # Signed out, the device knows nobody.
    assert one.json("logout")["signed_out"] == one.login
    nobody = one.command()("inbox")
    assert (nobody.returncode, "Nobody is signed in" in nobody.stderr) == (2, True)


def test_locked_and_unlocked(practice: Ortoo, tmp_path: Path) -> None:
    one = member(practice, tmp_path)
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    without_file = {"ORTOO_PASSPHRASE_FILE": "", "XDG_RUNTIME_DIR": str(runtime)}
    desk = one.command(**without_file)
    locked = desk("--json", "inbox")
    assert locked.returncode == 2
    error = json.loads(locked.stdout)["error"]
    assert (error["code"], "ORTOO_PASSPHRASE_FILE" in error["message"]) == ("locked", True)

    asked = one.at_the_keyboard("inbox", **without_file)
    asked.answers(f"Passphrase of {one.login}: $", "not this one")
    asked.reads("Once more")
    asked.answers("Passphrase of .*: $", one.passphrase)
    assert asked.ends() == 0
    assert one.passphrase not in asked.said
    (key,) = runtime.rglob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert desk("inbox").returncode == 0  # and nobody was asked

    assert desk("lock").returncode == 0
    assert not list(runtime.rglob("*.key"))
    assert desk("inbox").returncode == 2
    wrongly = one.at_the_keyboard("inbox", **without_file)
    for _ in range(3):
        wrongly.answers("Passphrase of .*: $", "wrong")
    wrongly.reads("This is not the passphrase of")
    assert wrongly.ends() == 1
    (tmp_path / "wrong").write_text("wrong\n", encoding="utf-8")
    by_file = one.command(ORTOO_PASSPHRASE_FILE=str(tmp_path / "wrong"), XDG_RUNTIME_DIR="")("--json", "inbox")
    assert (by_file.returncode, json.loads(by_file.stdout)["error"]["code"]) == (1, "wrong_passphrase")
    no_file = one.command(ORTOO_PASSPHRASE_FILE=str(tmp_path / "none"), XDG_RUNTIME_DIR="")("inbox")
    assert (no_file.returncode, "cannot be read" in no_file.stderr) == (2, True)


def test_who_acts(practice: Ortoo, tmp_path: Path) -> None:
    """A practice member where the practice folder knows the handle; else an account of the device."""
    one, other = newcomer(tmp_path), newcomer(tmp_path)
    for each in (one, other):
        each.folder = tmp_path / "shared"
    one.joins(invited(practice, one.login))
    home = one.command().environment["ORTOO_HOME"]
    both = Ortoo(Path(practice.environment["ORTOO_PRACTICE_DIR"]), practice.environment["ORTOO_HUB"])
    both.environment |= one.command().environment | {
        "ORTOO_PRACTICE_DIR": practice.environment["ORTOO_PRACTICE_DIR"],
        "ORTOO_HOME": home,
    }
    assert both.json("waiting")["waiting"] is not None  # the device's only account
    assert both.json("--as", one.login, "waiting")["waiting"] is not None
    assert both.json("--as", "mgec.delger", "waiting")["waiting"] is None
    unknown = both("--as", "nobody.here", "waiting")
    assert (unknown.returncode, one.login in unknown.stderr) == (2, True)
    (account,) = (Path(home) / "accounts").glob(f"*/{one.login}.json")
    assert stat.S_IMODE(account.stat().st_mode) == 0o600
    (account.parent / "second.json").write_text(
        account.read_text(encoding="utf-8").replace(f'"login": "{one.login}"', '"login": "second"'), encoding="utf-8"
    )
    which = both("waiting")
    assert (which.returncode, "--as" in which.stderr, "second" in which.stderr) == (2, True, True)
    account.write_text("{", encoding="utf-8")
    damaged = both("--as", one.login, "waiting")
    assert (damaged.returncode, "cannot be read" in damaged.stderr) == (4, True)


def test_a_coordinators_key_goes_into_the_keyring(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    one, file, secret = member(practice, tmp_path), tmp_path / "key.json", tmp_path / "secret"
    secret.write_text("сайн нууц үг\n", encoding="utf-8")
    desk = one.command(ORTOO_KEY_PASSPHRASE_FILE=str(secret))
    made = desk.json("coordinators", "key", "--file", str(file))["coordinator"]
    assert desk.json("coordinators", "keep-key", str(file))["kept"] == one.login
    code = one.code()
    other = one.command("telephone")
    assert (
        other("login", one.login, "--hub", hub.url, "--fingerprint", fingerprint(hub), "--code", code).returncode == 0
    )
    telephone = Device(Path(other.environment["ORTOO_HOME"]))
    kept = telephone.unlock(telephone.find(one.login), one.passphrase).keys.coordinator
    assert kept is not None
    assert b64(kept.public) == made["key"]
    secret.write_text("another\n", encoding="utf-8")
    assert desk("coordinators", "keep-key", str(file)).returncode == 1


def test_partner_systems_and_kits(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    handle, admin = f"mfa.{secrets.token_hex(4)}", ("--as", "mfa.saran")
    names = ("--name", "Систем", "--name-en", "System")
    file = tmp_path / "system.json"
    added = practice.json(*admin, "partners", "add", handle, *names, "--file", str(file))["partner"]
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (kept["handle"], kept["agency"], kept["member"]) == (handle, "mfa", added["member"])
    again = practice(*admin, "partners", "add", f"{handle}.2", *names, "--file", str(file))
    assert (again.returncode, "there already" in again.stderr) == (2, True)
    assert json.loads(file.read_text(encoding="utf-8")) == kept
    scopes = ("--name", "reads", "--scope", "read", "--days", "30")
    issued = practice(*admin, "partners", "token", handle, *scopes)
    token = issued.stdout.split()[-1]
    assert len(token) == 43
    listed = practice(*admin, "partners").stdout
    assert "reads" in listed
    assert token not in listed
    (one,) = practice.json(*admin, "partners")["tokens"]
    assert "Revoked" in practice(*admin, "partners", "revoke", one["id"][-8:]).stdout
    assert practice.json(*admin, "partners")["tokens"] == []
    assert practice("--as", "mfa.tuul", "partners").returncode == 1
    assert practice(*admin, "partners", "token", handle, *scopes[:-1], "400").returncode == 2

    kit = practice.json(*admin, "members", "kit", f"{handle}.kit", *names)["kit"]
    assert kit["fingerprint"] == fingerprint(hub)
    assert len(kit["sign"].replace(" ", "")) == 52
    taken = practice(*admin, "members", "kit", f"{handle}.kit", *names)
    assert (taken.returncode, "This handle is taken" in taken.stderr) == (1, True)


def test_a_kit_brings_an_agency_back_and_so_do_the_coordinators(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    """Its only administrators have gone: the paper in the safe lets one in; without a paper the coordinators do."""
    admin, names = ("--as", "hdo.munkhtuya"), ("--name", "Хайрцаг", "--name-en", "Kit")
    kit = practice.json(*admin, "members", "kit", "hdo.kit", *names)
    file = tmp_path / "kit.json"
    file.write_text(json.dumps(kit), encoding="utf-8")
    holder = Ortoo(tmp_path / "no practice")
    holder.environment["LANG"] = "en_GB.UTF-8"
    one = Person(f"hdo.{secrets.token_hex(4)}", tmp_path)
    roles = ("--role", "administrator", "--role", "focal_point")
    inviting = Terminal("members", "invite", one.login, *names, *roles, "--kit", "-", environment=holder.environment)
    for line, value in zip(
        ("Hub", "Fingerprint", "Agency", "Member", "Signing key", "Opening key"), kit["kit"].values(), strict=True
    ):
        inviting.answers(f"{line}: $", value)
    inviting.reads("For Kit, on paper")
    paper = [inviting.reads(rf"\n{line} +(\S.*?) *(?=\n)")[1] for line in ("Hub", "Code")]
    assert inviting.ends() == 0, inviting.said
    one.joins(Paper(paper[0], paper[1], fingerprint(hub)))
    holder.json("members", "confirm", one.login, "--kit", str(file), "--number", one.number)
    holder.json("members", "remove", "hdo.munkhtuya", "--yes", "--kit", str(file))
    assert {member["handle"] for member in one.json("members")["members"]} == {"hdo.gerel", "hdo.kit", one.login}
    file.write_text(json.dumps({"kit": kit["kit"] | {"sign": kit["kit"]["kem"]}}), encoding="utf-8")
    wrongly = holder("members", "candidates", "--kit", str(file))
    assert (wrongly.returncode, "does not take this kit" in wrongly.stderr) == (1, True)
    file.write_text("{}", encoding="utf-8")
    assert holder("members", "candidates", "--kit", str(file)).returncode == 2

    other = Person(f"hdo.{secrets.token_hex(4)}", tmp_path)
    applied = ("--name", "Эмнэлэг", "--name-en", "Hospital", "--kind", "health", "--admin", other.login)
    own = ("--admin-name", "Нэг", "--admin-name-en", "One", "--login", other.login)
    paper_of_hub = ("--hub", hub.url, "--fingerprint", fingerprint(hub))
    other.finishes(other.at_the_keyboard("apply", "hospital-again", *applied, *own, *paper_of_hub))
    again = ("--applied", "hospital-again", "--number", other.number, "--yes")
    practice.json(*BOLD, "coordinators", "readmit", "hospital-dornogobi", *again)
    signing = practice_terminal(hub.practice, hub.url, *EMMA, "coordinators", "sign", "hospital-dornogobi")
    signing.reads("gets a new first administrator. All its present members end")
    signing.answers("that you heard: $", other.number)
    signing.answers(r"\[y/N\] $", "y")
    assert signing.ends() == 0, signing.said
    assert one.command()("members").returncode == 1
    assert other.json("members", "begin")["begun"] == "hospital-dornogobi"


@pytest.mark.parametrize(("second", "shown"), [(0, -30), (14, -16), (15, 15), (59, 59)])
def test_the_digits_of_the_moment_are_left_to_whoever_reads_the_secret(second: int, shown: int) -> None:
    """Digits count once, and setting up takes some: not those that the reader's authenticator shows now."""
    at = datetime(2026, 11, 26, 21, tzinfo=UTC)
    left = leaving_digits_to_sign_in(at + timedelta(seconds=second))
    assert left == at + timedelta(seconds=shown)


def test_practice_members_sign_in_as_in_earnest(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    shown = practice("practice", "credentials", "ecpat.hulan").stdout
    kept = practice.json("practice", "credentials", "ecpat.hulan")["credentials"]
    for name in ("login", "passphrase", "totp"):
        assert kept[name] in shown
    assert practice("practice", "credentials", "ecpat.hulan").stdout == shown
    path = hub.practice / "credentials" / "ecpat.hulan.json"
    # The hub took it and the answer was lost: what had been written down before opens the account.
    secrets_of = {name: kept[name] for name in ("passphrase", "totp")}
    path.with_suffix(".tried").write_text(json.dumps(secrets_of))
    path.rename(path.with_suffix(".whole"))
    again = practice.json("practice", "credentials", "ecpat.hulan")["credentials"]
    assert again == kept | {"recovery_codes": []}
    assert not path.with_suffix(".tried").exists()
    path.with_suffix(".whole").rename(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    hulan = Person(kept["login"], tmp_path, kept["passphrase"])
    signed_in = hulan.json(
        "login", kept["login"], "--hub", hub.url, "--fingerprint", kept["fingerprint"], "--recovery",
        kept["recovery_codes"][0],
    )  # fmt: skip
    assert signed_in["account"]["roles"] == ["administrator", "focal_point"]
    assert hulan.json("members")["members"]
    path.unlink()
    lost = practice("practice", "credentials", "ecpat.hulan")
    assert (lost.returncode, "has an account" in lost.stderr) == (1, True)
    assert practice("practice", "credentials", "iom.case-system").returncode == 1
    assert practice("practice", "credentials", "nobody").returncode == 2


def test_nothing_is_asked_where_nobody_is(hub: Hub, practice: Ortoo, tmp_path: Path) -> None:
    one = newcomer(tmp_path)
    for arguments, said in (
        (("join", "--hub", hub.url), "on a terminal"),
        (("login", "--hub", hub.url), "Say LOGIN"),
        (("login", one.login, "--hub", hub.url), "Say --fingerprint"),
        (("logout",), "Nobody is signed in"),
        (("waiting",), "Nobody is signed in"),
        (("passphrase",), "Nobody is signed in"),
    ):
        run = one.command()(*arguments)
        assert (run.returncode, said in run.stderr) == (2, True), run.stderr
    assert one.json("lock")["locked"] == []
    unasked = practice(*BOLD, "coordinators", "suspend", "mfa")
    assert (unasked.returncode, "Nothing was done" in unasked.stderr) == (2, True)
    assert practice(*BOLD, "coordinators", "suspend", "no-such-agency", "--yes").returncode == 2
    assert practice(*NARA, "members", "confirm", "nobody").returncode == 2
