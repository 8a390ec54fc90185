"""The command line. Nothing heavy is imported before a command is known: `ortoo --help` is quick."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from ortoo.words import Language, Words, language_of

DONE: Final = 0
REFUSED: Final = 1  # by a rule or by the hub
USAGE: Final = 2  # not understood: arguments, form, id
UNREACHABLE: Final = 3
UNTRUSTED: Final = 4  # a fork, a rollback, a key or signature that does not fit: stop

ROLES: Final = ("focal_point", "administrator", "coordinator")  # of people
TABLES: Final = (  # of statistics
    *("month", "urgency", "sender_kind", "recipient_kind"),
    *("aimag", "outcome", "answer", "service", "taken_on", "not_taken_on", "rooms"),
)
SCOPES: Final = ("read", "send", "answer")  # of partner systems' tokens
RECEIPTS: Final = ("full", "withdraw", "none")  # of the vocabulary
ON_ONE: Final = (  # commands that name a referral
    "show",
    "open",
    "alternatives",
    "acknowledge",
    "accept",
    "decline",
    "ask-more",
    "message",
    "start",
    "hand-back",
    "close",
    "recall",
    "confirm-deletion",
    "save",
)
NOTED: Final = ("accept", "decline", "ask-more", "start", "hand-back", "close", "recall")  # steps with a note
MOST_SEQUENCE: Final = 2**31 - 1  # of a feed, GraphQL's largest integer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code. Never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Mongolian in a terminal that claims ASCII; no crash on what has no letter
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    words = Words(_language(given))
    parser = _parser(words)
    try:
        options, further = parser.parse_known_args(given)
        # argparse ends a list of words at the first option: what of a code stands behind one belongs to it, too.
        if further and options.command == "receipt" and not any(one.startswith("-") for one in further):
            options.code += further
        elif further:
            parser.parse_args(given)  # says which
        if options.command is None:
            parser.print_help()
            return USAGE
    except BrokenPipeError:  # the argparse of Python 3.11.2 lets it through: nobody reads, so nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    from ortoo.cli import running  # here, and not above: it imports the rest

    return running.run(options, words)


def _language(given: Sequence[str]) -> Language:
    """Known before anything is parsed, since the parser's own words are in it."""
    for place, argument in enumerate(given):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and place + 1 < len(given):
            value = given[place + 1]
        if value in ("en", "mn"):
            return "mn" if value == "mn" else "en"
    return language_of()


def _parser(words: Words) -> argparse.ArgumentParser:
    _translate(words)
    parser = argparse.ArgumentParser(
        prog="ortoo",
        description=words("help.about"),
        epilog=words("help.epilog"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _common(parser, words, os.environ.get("ORTOO_AS"), os.environ.get("ORTOO_HUB"))
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title=words("help.commands"))

    def command(name: str) -> argparse.ArgumentParser:
        one = commands.add_parser(
            name, help=words(f"help.{name}"), description=words(f"help.{name}"), allow_abbrev=False
        )
        _common(one, words, argparse.SUPPRESS, argparse.SUPPRESS)
        return one

    send = command("send")
    send.add_argument("form", metavar="FORM.json", help=words("help.send.form"))
    send.add_argument("--yes", action="store_true", help=words("help.send.yes"))
    _attach(send, "SECTION=PATH", words)
    _evidence(send, words)
    send.add_argument("--receipt", choices=RECEIPTS, help=words("help.send.receipt"))
    send.add_argument("--own-code", metavar="PART", help=words("help.own_code"))
    resend = command("resend")
    resend.add_argument("form", nargs="?", metavar="FORM.json", help=words("help.resend.form"))
    resend.add_argument("--to", metavar="AGENCY", required=True, help=words("help.resend.to"))
    resend.add_argument("--of", metavar="ID", help=words("help.resend.of"))
    resend.add_argument("--yes", action="store_true", help=words("help.send.yes"))
    _attach(resend, "SECTION=PATH", words)
    forward = command("forward")
    forward.add_argument("id", metavar="ID", help=words("help.id"))
    forward.add_argument("--to", metavar="AGENCY", required=True, help=words("help.resend.to"))
    sections = _terms("sections")
    text = words("help.forward.section", codes=", ".join(sections))
    forward.add_argument("--section", action="append", metavar="CODE", required=True, choices=sections, help=text)
    which, number = forward.add_mutually_exclusive_group(), _count(words, 1, MOST_SEQUENCE)
    which.add_argument("--file", action="append", type=number, metavar="N", help=words("help.forward.file"))
    which.add_argument("--no-files", action="store_true", help=words("help.forward.no_files"))
    forward.add_argument("--yes", action="store_true", help=words("help.send.yes"))
    review = command("review")
    review.add_argument("who", metavar="ID", help=words("help.review.referral"))
    verdicts = ("upheld", "overturned")
    review.add_argument("--verdict", choices=verdicts, required=True, help=words("help.review.verdict"))
    second = command("second")
    second.add_argument("id", metavar="ID", help=words("help.id"))
    for one in (second, review):
        one.add_argument("--yes", action="store_true", help=words("help.yes"))
    command("chain").add_argument("id", metavar="ID", help=words("help.id"))
    for name in ("inbox", "outbox", "trail"):
        _list(command(name), name, words)
    for name in ON_ONE:
        one = command(name)
        one.add_argument("id", metavar="ID", help=words("help.id"))
        if name in ("decline", "hand-back"):
            _coded(one, "--reason", "help.reason", "decline_reasons", words)
        if name == "recall":
            _coded(one, "--reason", "help.reason", "recall_reasons", words)
        if name == "close":
            _coded(one, "--outcome", "help.outcome", "outcomes", words)
        if name in NOTED:
            text = words("help.recall.note" if name == "recall" else "help.note")
            one.add_argument("--note", metavar="TEXT", required=name == "ask-more", help=text)
        if name == "message":
            one.add_argument("--text", metavar="TEXT", required=True, dest="note", help=words("help.text"))
        if name in (*NOTED, "message"):
            _attach(one, "PATH", words)
        if name == "save":
            one.add_argument("--to", metavar="FOLDER", default=".", help=words("help.save.to"))
            number = _count(words, 1, MOST_SEQUENCE)
            one.add_argument("--file", action="append", type=number, metavar="N", help=words("help.save.file"))
    follow = command("follow")
    follow.add_argument("--after", type=_count(words, 0, MOST_SEQUENCE), metavar="N", help=words("help.follow.after"))
    follow.add_argument("--count", type=_count(words, 1, MOST_SEQUENCE), metavar="N", help=words("help.follow.count"))
    _services(command("services"), words)
    _find(command("find"), words)
    _consent(command("consent"), words)
    _receipt(command("receipt"), words)
    _notifications(command("notifications"), words)
    _signing_in(command, words)
    _joining(command, words)
    _members(command("members"), words)
    _partners(command("partners"), words)
    _coordinators(command("coordinators"), words)
    _witness(command("witness"), words)
    _audit(command("audit"), words)
    if importlib.util.find_spec("ortoo.cli.practice") is not None:
        _practice(command("practice"), words)
    return parser


def _attach(parser: argparse.ArgumentParser, metavar: str, words: Words) -> None:
    text = words("help.attach.section" if "=" in metavar else "help.attach")
    parser.add_argument("--attach", action="append", default=[], metavar=metavar, help=text)
    parser.add_argument("--keep-metadata", action="store_true", help=words("help.keep_metadata"))


def _evidence(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--evidence", metavar="TEXT", help=words("help.evidence.text"))
    parser.add_argument(
        "--evidence-file", action="append", default=[], metavar="PATH", help=words("help.evidence.file")
    )


def _terms(name: str) -> list[str]:
    from ortoo.protocol import vocabulary

    return list(vocabulary.terms(name))


# --- lists ------------------------------------------------------------------------------------------------------------


def _list(parser: argparse.ArgumentParser, name: str, words: Words) -> None:
    from ortoo.protocol import vocabulary

    parser.add_argument("--first", type=_count(words, 1, 50), default=50, metavar="N", help=words("help.first"))
    parser.add_argument("--after", metavar="CURSOR", help=words("help.page_after"))
    parser.add_argument("--agency", metavar="HANDLE", help=words("help.list.agency"))
    parser.add_argument("--since", metavar="WHEN", help=words("help.list.since"))
    if name == "trail":
        parser.add_argument("--referral", metavar="ID", help=words("help.list.referral"))
        codes = ["referral_sent", *vocabulary.terms("steps")]
        parser.add_argument(
            "--type", metavar="CODE", choices=codes, help=words("help.list.type", codes=", ".join(codes))
        )
        return
    for option, terms in (("state", "states"), ("urgency", "urgency"), ("need", "services")):
        codes = list(vocabulary.terms(terms))
        text = words(f"help.list.{option}", codes=", ".join(codes))
        parser.add_argument(f"--{option}", metavar="CODE", choices=codes, help=text)
    parser.add_argument("--place", metavar="PLACE", help=words("help.list.place"))
    parser.add_argument("--overdue", action="store_true", help=words("help.list.overdue"))


# --- the directory of services ----------------------------------------------------------------------------------------


def _services(parser: argparse.ArgumentParser, words: Words) -> None:
    from ortoo.protocol import vocabulary

    parser.add_argument("--agency", metavar="HANDLE", help=words("help.services.agency"))
    action = _actions(parser, words, required=False)
    export = action("export", False)
    export.add_argument("--agency", metavar="HANDLE", default=argparse.SUPPRESS, help=words("help.services.agency"))
    full, free, accepting = action("full", False), action("free", False), action("accepting", False)
    changed, end = action("set", False), action("end", False)
    for one in (full, free, accepting, changed, end):
        one.add_argument("code", metavar="CODE", help=words("help.services.code"))
    full.add_argument("--until", metavar="WHEN", default="tonight", help=words("help.services.until"))
    for one in (accepting, action("receiving", False)):
        one.add_argument("switch", choices=("on", "off"), help=words("help.services.switch"))
    _yes(end, words)
    contact = action("contact", False)
    for name in ("place", "phone", "duty-phone", "email"):
        contact.add_argument(f"--{name}", metavar="TEXT", help=words(f"help.services.{name}"))
    changed.add_argument("--name", metavar="NAME", help=words("help.name"))
    changed.add_argument("--name-en", metavar="NAME", help=words("help.name_en"))
    for name, metavar in (("place", "PLACE"), ("hours", "HOURS"), ("closed", "DATE"), ("open-on", "DATE HOURS")):
        changed.add_argument(f"--{name}", action="append", metavar=metavar, help=words(f"help.services.set.{name}"))
    for name, codes in (("language", list(vocabulary.terms("languages"))), ("gender", list(vocabulary.GENDERS))):
        text = words(f"help.services.set.{name}", codes=", ".join(codes))
        changed.add_argument(f"--{name}", action="append", metavar="CODE", choices=codes, help=text)
    changed.add_argument("--holidays", choices=("open", "closed"), help=words("help.services.set.holidays"))
    changed.add_argument("--dependants", choices=("yes", "no"), help=words("help.services.set.dependants"))
    for name, most in (("min-age", 120), ("max-age", 120), ("capacity", 100_000), ("taken", 100_000)):
        number = _count(words, 0, most)
        changed.add_argument(f"--{name}", type=number, metavar="N", help=words(f"help.services.set.{name}"))
    cleared = ("hours", "exceptions", "ages", "genders", "capacity")
    text = words("help.services.set.clear", codes=", ".join(cleared))
    changed.add_argument("--clear", action="append", metavar="WHAT", choices=cleared, help=text)


def _find(parser: argparse.ArgumentParser, words: Words) -> None:
    from ortoo.protocol import vocabulary

    parser.add_argument("--form", metavar="FORM.json", help=words("help.find.form"))
    parser.add_argument("--place", metavar="PLACE", help=words("help.find.place"))
    lists = {"need": "services", "language": "languages"}
    codes = {option: list(vocabulary.terms(terms)) for option, terms in lists.items()}
    for option, known in {**codes, "gender": list(vocabulary.GENDERS)}.items():
        text = words(f"help.find.{option}", codes=", ".join(known))
        parser.add_argument(f"--{option}", metavar="CODE", choices=known, help=text)
    parser.add_argument("--at", metavar="WHEN", help=words("help.find.at"))
    parser.add_argument("--age", type=_count(words, 0, 120), metavar="N", help=words("help.find.age"))
    parser.add_argument("--dependants", type=_count(words, 0, 100), metavar="N", help=words("help.find.dependants"))


def _consent(parser: argparse.ArgumentParser, words: Words) -> None:
    from ortoo.protocol import vocabulary

    sections, purposes = list(vocabulary.terms("sections")), list(vocabulary.terms("purposes"))
    action = _actions(parser, words, required=True)

    def on_one(name: str) -> argparse.ArgumentParser:
        one = action(name, False)
        one.add_argument("id", metavar="ID", help=words("help.consent.id"))
        return one

    def several(one: argparse.ArgumentParser, option: str, known: list[str]) -> None:
        text = words(f"help.consent.{option}", codes=", ".join(known))
        one.add_argument(f"--{option}", action="append", metavar="CODE", choices=known, help=text)

    on_one("show")
    decide = on_one("decide")
    decide.add_argument("--to", metavar="AGENCY", help=words("help.consent.to"))
    decide.add_argument("--days", type=_count(words, 0, 3650), metavar="N", help=words("help.consent.days"))
    who = list(vocabulary.terms("consent_given_by"))
    decide.add_argument("--by", metavar="CODE", choices=who, help=words("help.consent.by", codes=", ".join(who)))
    _evidence(decide, words)
    withdraw = on_one("withdraw")
    withdraw.add_argument("--agency", action="append", metavar="AGENCY", help=words("help.consent.agency"))
    for one in (decide, withdraw):
        several(one, "section", sections)
        several(one, "purpose", purposes)
        one.add_argument("--yes", action="store_true", help=words("help.yes"))
    several(decide, "refuse", [*sections, "*"])
    proven = action("evidence", False)
    proven.add_argument("id", nargs="?", metavar="ID", help=words("help.evidence.id"))
    proven.add_argument("--to", metavar="FOLDER", help=words("help.evidence.to"))
    on_one("export").add_argument("--out", metavar="FILE", required=True, help=words("help.consent.out"))
    renewed = on_one("receipt")
    renewed.add_argument("--mode", choices=RECEIPTS, required=True, help=words("help.consent.mode"))
    renewed.add_argument("--own-code", metavar="PART", help=words("help.own_code"))
    renewed.add_argument("--yes", action="store_true", help=words("help.yes"))


def _receipt(parser: argparse.ArgumentParser, words: Words) -> None:
    from ortoo.protocol import vocabulary

    parser.add_argument("code", nargs="*", metavar="[withdraw] CODE", help=words("help.receipt.code"))
    parser.add_argument("--fingerprint", metavar="TEXT", help=words("help.fingerprint"))
    parser.add_argument("--agency", action="append", metavar="AGENCY", help=words("help.receipt.agency"))
    for option, terms in (("section", "sections"), ("purpose", "purposes")):
        known = list(vocabulary.terms(terms))
        text = words(f"help.consent.{option}", codes=", ".join(known))
        parser.add_argument(f"--{option}", action="append", metavar="CODE", choices=known, help=text)
    parser.add_argument("--yes", action="store_true", help=words("help.yes"))


def _notifications(parser: argparse.ArgumentParser, words: Words) -> None:
    from ortoo.protocol import vocabulary

    action = _actions(parser, words, required=False)
    changed = action("set", False)
    changed.add_argument("--address", metavar="ADDRESS", help=words("help.notifications.address"))
    changed.add_argument("--language", choices=("mn", "en"), help=words("help.notifications.language"))
    urgencies = list(vocabulary.terms("urgency"))
    text = words("help.notifications.urgency", codes=", ".join(urgencies))
    changed.add_argument("--urgency", action="append", metavar="CODE", choices=urgencies, help=text)
    changed.add_argument("--hours", choices=("working", "any"), help=words("help.notifications.hours"))
    digest = changed.add_mutually_exclusive_group()
    digest.add_argument("--digest", type=_count(words, 0, 23), metavar="HOUR", help=words("help.notifications.digest"))
    digest.add_argument("--no-digest", action="store_true", help=words("help.notifications.no_digest"))
    action("confirm", False).add_argument("digits", metavar="CODE", nargs="+", help=words("help.notifications.digits"))
    action("off", False)


# --- who signs in, joins, administrates, coordinates ------------------------------------------------------------------


def _signing_in(command: Callable[[str], argparse.ArgumentParser], words: Words) -> None:
    login = command("login")
    login.add_argument("login", nargs="?", metavar="LOGIN", help=words("help.login.login"))
    login.add_argument("--fingerprint", metavar="TEXT", help=words("help.fingerprint"))
    second = login.add_mutually_exclusive_group()
    second.add_argument("--code", metavar="DIGITS", help=words("help.login.code"))
    second.add_argument("--recovery", metavar="CODE", help=words("help.login.recovery"))
    for name in ("logout", "lock", "waiting", "passphrase", "recovery-codes"):
        command(name)
    command("sessions").add_argument("--end", metavar="ID", help=words("help.sessions.end"))


def _joining(command: Callable[[str], argparse.ArgumentParser], words: Words) -> None:
    join, apply = command("join"), command("apply")
    join.add_argument("--code", metavar="CODE", help=words("help.join.code"))
    apply.add_argument("who", metavar="HANDLE", help=words("help.apply.handle"))
    _coded(apply, "--kind", "help.apply.kind", "agency_kinds", words)
    _named(apply, words)
    apply.add_argument("--admin", metavar="HANDLE", required=True, help=words("help.apply.admin"))
    apply.add_argument("--admin-name", metavar="NAME", help=words("help.apply.admin_name"))
    apply.add_argument("--admin-name-en", metavar="NAME", help=words("help.apply.admin_name_en"))
    for one in (join, apply):
        one.add_argument("--fingerprint", metavar="TEXT", help=words("help.fingerprint"))
        one.add_argument("--login", metavar="LOGIN", help=words("help.join.login"))


def _members(parser: argparse.ArgumentParser, words: Words) -> None:
    action = _actions(parser, words, required=False)
    invite, confirm, roles = action("invite", True), action("confirm", True), action("roles", True)
    invitations, candidates = action("invitations", False), action("candidates", False)
    withdraw, turn_away, remove = action("withdraw", True), action("turn-away", True), action("remove", True)
    _named(invite, words)
    _roles(invite, words)
    invite.add_argument("--again", metavar="MEMBER", help=words("help.members.invite.again"))
    confirm.add_argument("--number", metavar="DIGITS", help=words("help.number"))
    _roles(roles, words)
    for one in (turn_away, remove):
        _yes(one, words)
    for one in (invite, invitations, withdraw, candidates, confirm, turn_away, remove, roles):
        one.add_argument("--kit", metavar="FILE", help=words("help.members.with_kit"))
    for name in ("rotate", "begin"):
        action(name, False)
    _named(action("kit", True), words)


def _partners(parser: argparse.ArgumentParser, words: Words) -> None:
    action = _actions(parser, words, required=False)
    add, token = action("add", True), action("token", True)
    _named(add, words)
    add.add_argument("--file", metavar="OUT.json", required=True, help=words("help.partners.file"))
    token.add_argument("--name", metavar="NAME", required=True, help=words("help.partners.token.name"))
    token.add_argument(
        "--scope",
        action="append",
        metavar="CODE",
        required=True,
        choices=SCOPES,
        help=words("help.partners.scope", codes=", ".join(SCOPES)),
    )
    token.add_argument("--days", type=_count(words, 1, 366), metavar="N", required=True, help=words("help.days"))
    action("revoke", False).add_argument("id", metavar="ID", help=words("help.partners.revoke.id"))


def _coordinators(parser: argparse.ArgumentParser, words: Words) -> None:
    action = _actions(parser, words, required=True)
    action("key", False).add_argument("--file", metavar="OUT.json", required=True, help=words("help.key.file"))
    action("keep-key", False).add_argument("key", metavar="FILE.json", help=words("help.coordinators.with_key"))
    found = action("found", False)
    found.add_argument("who", metavar="DRAFT.json", help=words("help.coordinators.draft"))
    found.add_argument("--out", metavar="SIGNED.json", required=True, help=words("help.coordinators.out"))
    found.add_argument("--key", metavar="FILE.json", required=True, help=words("help.coordinators.with_key"))
    _yes(found, words)
    action("overdue", False)
    counted = action("statistics", False)
    counted.add_argument("--period", metavar="2026-Q4", help=words("help.statistics.period"))
    counted.add_argument("--table", metavar="NAME", choices=TABLES, help=words("help.statistics.table"))
    counted.add_argument("--format", choices=("table", "csv"), default="table", help=words("help.statistics.format"))
    _overseeing(action, words)
    for name in ("applications", "proposals", "admit", "readmit", "suspend", "reinstate", "sign", "turn-down"):
        one = action(name, name not in ("applications", "proposals"))
        one.add_argument("--key", metavar="FILE.json", help=words("help.coordinators.with_key"))
        if name not in ("applications", "proposals"):
            _yes(one, words)
        if name in ("admit", "readmit", "sign"):
            one.add_argument("--number", metavar="DIGITS", help=words("help.number"))
        if name == "admit":
            one.add_argument("--may", action="append", choices=("coordinate", "review"), help=words("help.may"))
        if name == "readmit":
            one.add_argument("--applied", metavar="HANDLE", required=True, help=words("help.applied"))


def _overseeing(action: Callable[[str, bool], argparse.ArgumentParser], words: Words) -> None:
    trail, export = action("trail", False), action("export", False)
    action("timeline", False).add_argument("id", metavar="ID", help=words("help.oversee.id"))
    openings, access, reviews = action("openings", False), action("access", False), action("reviews", False)
    for one in (trail, openings, access, reviews):
        one.add_argument("--first", type=_count(words, 1, 50), default=50, metavar="N", help=words("help.first"))
        one.add_argument("--after", metavar="CURSOR", help=words("help.page_after"))
    for one in (trail, export, openings, access):
        one.add_argument("--agency", metavar="HANDLE", help=words("help.list.agency"))
        one.add_argument("--since", metavar="WHEN", help=words("help.oversee.since"))
    for one in (trail, export, openings):
        one.add_argument("--until", metavar="WHEN", help=words("help.oversee.until"))
    for one in (trail, export):
        one.add_argument("--place", metavar="AIMAG", help=words("help.oversee.place"))
        for option, terms in (
            ("service", "services"),
            ("urgency", "urgency"),
            ("basis", "consent_bases"),
            ("state", "states"),
        ):
            text = words(f"help.oversee.{option}", codes=", ".join(_terms(terms)))
            one.add_argument(f"--{option}", metavar="CODE", choices=_terms(terms), help=text)
        for switch in ("overdue", "unanswered", "without-consent"):
            one.add_argument(f"--{switch}", action="store_true", help=words(f"help.oversee.{switch}"))
    openings.add_argument("--referral", metavar="ID", help=words("help.list.referral"))
    looks = ("trail", "timeline", "openings", "overdue", "export", "statistics")
    access.add_argument("--what", metavar="WHAT", choices=looks, help=words("help.oversee.what"))
    reviews.add_argument("--waiting", action="store_true", help=words("help.oversee.waiting"))
    export.add_argument("--format", choices=("csv", "json", "xlsx"), default="csv", help=words("help.oversee.format"))
    export.add_argument("file", metavar="FILE", help=words("help.oversee.file"))


def _audit(parser: argparse.ArgumentParser, words: Words) -> None:
    action = _actions(parser, words, required=True)
    action("evidence", False).add_argument("file", metavar="FILE", help=words("help.audit.file"))
    verify = action("verify", False)
    verify.add_argument("file", metavar="BUNDLE", help=words("help.audit.bundle"))
    verify.add_argument("--fingerprint", metavar="TEXT", help=words("help.fingerprint"))


def _witness(parser: argparse.ArgumentParser, words: Words) -> None:
    action = _actions(parser, words, required=True)
    key, run = action("key", False), action("run", False)
    key.add_argument("--name", metavar="NAME", required=True, help=words("help.witness.name"))
    key.add_argument("--file", metavar="OUT.json", required=True, help=words("help.key.file"))
    run.add_argument("--file", metavar="KEY.json", required=True, help=words("help.witness.file"))
    run.add_argument("--fingerprint", metavar="TEXT", help=words("help.fingerprint"))
    run.add_argument(
        "--every", type=_count(words, 1, 3600), default=5, metavar="SECONDS", help=words("help.witness.every")
    )
    run.add_argument("--once", action="store_true", help=words("help.witness.once"))
    run.add_argument("--listen", metavar="HOST:PORT", help=words("help.witness.listen"))


def _practice(parser: argparse.ArgumentParser, words: Words) -> None:
    action = _actions(parser, words, required=True)
    play = action("play", False)
    play.add_argument("files", nargs="*", metavar="FILE.json", help=words("help.practice.files"))
    play.add_argument("--all", action="store_true", help=words("help.practice.all"))
    action("credentials", True)
    action("clock", False).add_argument("--forward", metavar="64h", help=words("help.practice.forward"))


# --- what several take ------------------------------------------------------------------------------------------------


def _actions(
    parser: argparse.ArgumentParser, words: Words, *, required: bool
) -> Callable[[str, bool], argparse.ArgumentParser]:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title=words("help.actions"), required=required)
    command = parser.prog.split()[-1]

    def action(name: str, who: bool) -> argparse.ArgumentParser:
        """who: it takes the HANDLE of somebody."""
        text = words(f"help.{command}.{name}")
        one = actions.add_parser(name, help=text, description=text, allow_abbrev=False)
        _common(one, words, argparse.SUPPRESS, argparse.SUPPRESS)
        if who:
            one.add_argument("who", metavar="HANDLE", help=words(f"help.{command}.handle"))
        return one

    return action


def _named(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--name", metavar="NAME", required=True, help=words("help.name"))
    parser.add_argument("--name-en", metavar="NAME", required=True, help=words("help.name_en"))


def _roles(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument(
        "--role",
        action="append",
        metavar="ROLE",
        required=True,
        choices=ROLES,
        help=words("help.role", codes=", ".join(ROLES)),
    )


def _yes(parser: argparse.ArgumentParser, words: Words) -> None:
    parser.add_argument("--yes", action="store_true", help=words("help.yes"))


def _common(parser: argparse.ArgumentParser, words: Words, handle: Any, hub: Any) -> None:
    """The options that stand before or after the command alike."""
    suppressed = argparse.SUPPRESS if handle is argparse.SUPPRESS else None
    parser.add_argument("--as", dest="handle", metavar="HANDLE", default=handle, help=words("help.as"))
    parser.add_argument("--hub", metavar="URL", default=hub, help=words("help.hub"))
    parser.add_argument("--lang", choices=("mn", "en"), default=suppressed, help=words("help.lang"))
    parser.add_argument("--json", action="store_true", default=suppressed or False, help=words("help.json"))


def _coded(parser: argparse.ArgumentParser, option: str, text: str, terms: str, words: Words) -> None:
    from ortoo.protocol import vocabulary

    codes = list(vocabulary.terms(terms))
    shown = ", ".join(codes)
    parser.add_argument(option, metavar="CODE", required=True, choices=codes, help=words(text, codes=shown))


def _count(words: Words, least: int, most: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def count(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text[:12]) <= most:
            raise argparse.ArgumentTypeError(words("error.count", least=least, most=most))
        return int(text)

    return count


def _translate(words: Words) -> None:
    """argparse speaks the language of the rest."""

    def translated(text: str) -> str:
        return words(f"argparse.{text}") if words.knows(f"argparse.{text}") else text

    argparse._ = translated  # type: ignore[attr-defined]
