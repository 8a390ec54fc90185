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
        options = parser.parse_args(given)
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
    for name in ("inbox", "outbox"):
        listing = command(name)
        listing.add_argument("--first", type=_count(words, 1, 50), default=50, metavar="N", help=words("help.first"))
        listing.add_argument("--after", metavar="CURSOR", help=words("help.page_after"))
    for name in ("show", "open", "acknowledge", "accept", "decline", "ask-more", "message", "start", "close"):
        one = command(name)
        one.add_argument("id", metavar="ID", help=words("help.id"))
        if name == "decline":
            _coded(one, "--reason", "help.reason", "decline_reasons", words)
        if name == "close":
            _coded(one, "--outcome", "help.outcome", "outcomes", words)
        if name in ("accept", "decline", "start", "close"):
            one.add_argument("--note", metavar="TEXT", help=words("help.note"))
        if name == "ask-more":
            one.add_argument("--note", metavar="TEXT", required=True, help=words("help.note"))
        if name == "message":
            one.add_argument("--text", metavar="TEXT", required=True, help=words("help.text"))
    follow = command("follow")
    follow.add_argument("--after", type=_count(words, 0, MOST_SEQUENCE), metavar="N", help=words("help.follow.after"))
    follow.add_argument("--count", type=_count(words, 1, MOST_SEQUENCE), metavar="N", help=words("help.follow.count"))
    if importlib.util.find_spec("ortoo.cli.practice") is not None:
        _practice(command("practice"), words)
    return parser


def _practice(parser: argparse.ArgumentParser, words: Words) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    play = actions.add_parser("play", help=words("help.practice"), description=words("help.practice"))
    _common(play, words, argparse.SUPPRESS, argparse.SUPPRESS)
    play.add_argument("files", nargs="+", metavar="FILE.json")


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
