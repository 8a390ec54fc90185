"""What a person sees, and what a program gets. Text that was written elsewhere is shown plain, never interpreted."""

import getpass
import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ortoo.attached import clean_name
from ortoo.photos import OCTETS, SHOWN
from ortoo.protocol import vocabulary
from ortoo.protocol.directory import View
from ortoo.protocol.documents import stamp
from ortoo.protocol.errors import Refused
from ortoo.reading import Damaged, Part, Referral, Step, fields_in_order
from ortoo.receipts import OwnReceipt, Receipt
from ortoo.sentences import Sentence, name, of_decision
from ortoo.words import Words, plain

WIDE: Final = 200  # columns where nobody looks: nothing is cut
SHORT: Final = 8  # characters of an id that lists show: the last ones are random, the first ones are the time

_URGENCY: Final = {"immediate": ("▲", "bold red"), "urgent": ("◆", "yellow"), "standard": ("■", "")}
_STATE: Final = {
    "sent": "bold",
    "accepted": "green",
    "under_way": "green",
    "closed": "dim",
    "declined": "red",
    "handed_back": "red",
    "recalled": "red",
    "withdrawn": "red",
    "expired": "red",
}


@dataclass(frozen=True)
class ListLine:
    """A referral in a list of what needs somebody, with its clock in words."""

    item: Referral | Damaged
    clock: str
    late: bool


class Screen:
    """json: one document for a program, on stdout; else words for a person.

    about: the command, where refusals have sentences of its own.
    """

    def __init__(self, words: Words, *, json: bool, about: str = "") -> None:
        self.words, self.json, self.about = words, json, about
        self._out, self._err = _console(sys.stdout), _console(sys.stderr)

    # --- for programs -------------------------------------------------------------------------------------------------

    def document(self, value: Any) -> None:
        """One JSON document on one line."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def written(self, text: str) -> None:
        """A file's text, as it is."""
        sys.stdout.write(text)
        sys.stdout.flush()

    # --- lines --------------------------------------------------------------------------------------------------------

    def line(self, text: str = "", style: str = "") -> None:
        self._out.print(Text(plain(text), style), soft_wrap=not self._out.is_terminal)

    def aside(self, text: str, style: str = "dim") -> None:
        """What does not belong to the answer: on stderr."""
        self._err.print(Text(plain(text), style), soft_wrap=not self._err.is_terminal)

    def warn(self, text: str) -> None:
        self.aside(text, "bold red")

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        if self._err.is_terminal:
            with self._err.status(Text(text, "dim")):
                yield
        else:
            self.aside(text)
            yield

    def ask(self, question: str) -> bool:
        return self.question(question).lower() in self.words("send.yes").split()

    @property
    def asks(self) -> bool:
        """Whether somebody is there to be asked."""
        return sys.stdin.isatty()

    def question(self, text: str, *, secret: bool = False) -> str:
        """What somebody types. secret: it is not shown. Beside the answer, where that is a program's or a file's."""
        prompt = plain(text.rstrip()) + " "
        with _ctrl_c_ends():
            if secret:
                return getpass.getpass(prompt)
            self._beside.print(Text(prompt), end="")
            return input().strip()

    def say(self, text: str = "", style: str = "", *, whole: bool = False) -> None:
        """What belongs to a question, and not to the answer. whole: one line, however long, to be copied."""
        self._beside.print(Text(plain(text), style), soft_wrap=whole or not self._beside.is_terminal)

    @property
    def _beside(self) -> Console:
        return self._err if self.json or not self._out.is_terminal else self._out

    def failed(self, code: str, sentence: str) -> None:
        if self.json:
            self.document({"error": {"code": code, "message": sentence}})
        else:
            self._not_done(plain(sentence))

    def refused(self, refused: Refused) -> None:
        """The code's sentence, what is at fault, and the state that the referral is in."""
        if self.json:
            error = {"code": refused.code, "message": self._sentence(refused), **refused.at}
            self.document({"error": error})
            return
        self._not_done(self.why(refused))

    def _not_done(self, why: str) -> None:
        text = Text.assemble((self.words("error.title") + ": ", "bold red"), why)
        self._err.print(text, soft_wrap=not self._err.is_terminal)

    def why(self, refused: Refused) -> str:
        said = [self._sentence(refused)]
        at = {key: value for key, value in refused.at.items() if key not in ("state", "head", "now")}
        if "state" in refused.at:
            state = self.words.label("states", str(refused.at["state"]))
            said.append(self.words("error.state", state=plain(state)))
        where = ", ".join(f"{key} {plain(str(value))}" for key, value in at.items())
        return " ".join(said) + f" [{refused.code}{': ' + where if where else ''}]"

    def _sentence(self, refused: Refused) -> str:
        """The command's own sentence for it, or the field's, or the code's."""
        for about in (self.about, str(refused.at.get("field", ""))):
            key = f"fault.{refused.code}.{about}"
            if self.about and self.words.knows(key):
                return self.words(key)
        return self.words(f"refused.{refused.code}")

    # --- consent ------------------------------------------------------------------------------------------------------

    def sentences(self, sentences: Sequence[Sentence]) -> None:
        styles = {
            "may_read": "",
            "refused": "bold",
            "reads_nothing": "bold red",
            "stays": "dim",
            "basis": "dim",
            "taken_back": "bold red",
        }
        for sentence in sentences:
            self.line(f"  {sentence.text}", styles[sentence.kind])

    # --- lists --------------------------------------------------------------------------------------------------------

    def table(self, items: Sequence[Referral | Damaged], view: View, short: Mapping[str, str], *, sent: bool) -> None:
        """A line for each; where the terminal is too narrow for it, three short ones."""
        table = self._table(("id", "to" if sent else "from", "urgency", "services", "place", "state", "sent"))
        rows = [self._row(item, view, short) for item in items]
        for row in rows:
            table.add_row(*row)
        if self._fits(table):
            self._out.print(table)
            return
        for id, other, urgency, services, *more in rows:
            place, state, at = more or (Text(),) * 3
            self._short_lines((0, (id, urgency, state, at)), (2, (other, place)), (2, (services,)))

    def _marks(self, item: Referral) -> list[str]:
        """What is said of it wherever it stands: that she is a child, that it goes without consent."""
        marks = {"mark.minor": item.routing.minor, "mark.without": item.decision.body.exception is not None}
        return [self.words(key) for key, holds in marks.items() if holds]

    def _row(self, item: Referral | Damaged, view: View, short: Mapping[str, str]) -> tuple[Text, ...]:
        words, id = self.words, Text(short[item.id])
        if isinstance(item, Damaged):
            why = words("damaged.item", why=self.why(item.refused))
            return id, Text("!", "bold red"), Text(), Text(why, "red")
        mark, style = _URGENCY.get(item.routing.urgency, ("", ""))
        return (
            id,
            Text(name(item.counterpart, view, words)),
            Text(" · ".join([f"{mark} {words.label('urgency', item.routing.urgency)}", *self._marks(item)]), style),
            Text(words.labels("services", item.routing.services)),
            Text(words.place(item.routing.place)),
            Text(words.label("states", item.state), _STATE.get(item.state, "")),
            Text(words.moment(item.sent_at)),
        )

    def listed(self, lines: Sequence[ListLine], view: View, short: Mapping[str, str], *, sent: bool) -> None:
        """The same with clocks instead of the time of sending."""
        table = self._table(("id", "clock", "to" if sent else "from", "urgency", "services", "place", "state"))
        rows = []
        for line in lines:
            id, other, urgency, services, *more = self._row(line.item, view, short)
            place, state, _ = more or (Text(),) * 3
            clock = Text(line.clock, "bold red" if line.late else "")
            rows.append((id, clock, other, urgency, services, place, state))
        for row in rows:
            table.add_row(*row)
        if self._fits(table):
            self._out.print(table)
            return
        for id, clock, other, urgency, services, place, state in rows:
            self._short_lines((0, (id, urgency, state)), (2, (clock,)), (2, (other, place)), (2, (services,)))

    def _table(self, columns: Sequence[str]) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for column in columns:
            table.add_column(self.words(f"col.{column}"), overflow="fold")
        return table

    def _fits(self, table: Table) -> bool:
        return Measurement.get(self._out, self._out.options.update(width=10_000), table).maximum <= self._out.width

    def _short_lines(self, *lines: tuple[int, Sequence[Text]]) -> None:
        """Lines with their indents; what is empty is left out."""
        for indent, parts in lines:
            said = [part for part in parts if part]
            if said:
                self._out.print(Padding(Text("  ").join(said), (0, 0, 0, indent)))

    def rows(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A line for each; where the terminal is too narrow for it, its values below one another."""
        table = self._table(columns)
        for row in rows:
            table.add_row(*(Text(plain(value)) for value in row))
        if self._fits(table):
            self._out.print(table)
            return
        for first, *more in rows:
            self.line(plain(first), "bold")
            for value in more:
                self._out.print(Padding(Text(plain(value)), (0, 0, 0, 2)))

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Values with their names, to be read or copied: each is one line, however long."""
        labels = [self.words(f"col.{key}") for key, _ in facts]
        widest = max(map(cell_len, labels))
        for label, (_, value) in zip(labels, facts, strict=True):
            text = Text.assemble((set_cell_size(label, widest), "dim"), "  ", plain(value))
            self._out.print(text, soft_wrap=True)

    # --- one referral -------------------------------------------------------------------------------------------------

    def referral(self, referral: Referral, view: View) -> None:
        """Everything but what the sections say."""
        words, routing = self.words, referral.routing
        mark, style = _URGENCY.get(routing.urgency, ("", ""))
        self.line(words("show.title", id=referral.id), "bold")
        facts = [
            (words("show.from"), Text(name(referral.sender, view, words))),
            (words("show.to"), Text(name(referral.recipient, view, words))),
            (words("show.state"), Text(words.label("states", referral.state), "bold")),
            (words("show.urgency"), Text(f"{mark} {words.label('urgency', routing.urgency)}", style)),
            (words("show.services"), Text(words.labels("services", routing.services))),
            (words("show.place"), Text(words.place(routing.place))),
            (words("show.language"), Text(words.label("languages", routing.language))),
            (words("show.minor"), Text(words("yes") if routing.minor else words("no"))),
            (words("show.parts"), Text(words.labels("sections", referral.part_names))),
        ]
        exception = referral.decision.body.exception
        if exception is not None:
            basis = words.label("consent_bases", referral.decision.body.basis)
            reviewer = name(exception.reviewer, view, words)
            self.line(words("referral.without", basis=basis, reviewer=reviewer), "bold red")
        if referral.deletion_owed_since is not None:
            since = words.moment(referral.deletion_owed_since)
            facts.append((words("show.deletion"), Text(words("show.deletion_owed", since=since), "yellow")))
        grid = Table.grid(padding=(0, 2))
        for label, value in facts:
            grid.add_row(Text(label, "dim"), value)
        self._out.print(grid)
        self.line()
        self.line(words("show.consent"), "bold")
        self.sentences(of_decision(referral.decision.body, view, words))
        self.line()
        self.line(words("show.steps"), "bold")
        self.line(f"  {words.moment(referral.sent_at)}  {name(referral.sender, view, words)}: {words('show.sent')}")
        for step in referral.steps:
            self.step(step, view)

    def step(self, step: Step, view: View) -> None:
        self.line(f"  {self.words.moment(step.at)}  {name(step.agency, view, self.words)}: {self.done(step)}")
        if step.note is not None:
            self.note(step.note)
            self.files(step.note, "      ")

    def done(self, step: Step) -> str:
        """What was done, and why: «Declined: No capacity now»."""
        text = self.words.label("steps", step.type)
        terms = vocabulary.terms("steps").get(step.type, {}).get("code_from")
        return f"{text}: {self.words.label(str(terms), step.reason)}" if step.reason and terms else text

    def note(self, note: Part) -> None:
        if note.text is None:
            self.line(f"      {self.status(note)}", "dim")
            return
        for line in plain(note.text).split("\n"):
            self.line(f"      {line}", "italic")

    def files(self, part: Part, indent: str) -> None:
        """What its author says of its files: text, and nothing else."""
        for one in part.files:
            size = self.words("file.size", size=f"{max(0.1, one.said.size / 2**20):.1f}")
            type = one.said.type if one.said.type in SHOWN else OCTETS
            text = self.words("file.listed", name=clean_name(one.said.name), type=type, size=size)
            why = f" · {self.why(one.problem)}" if one.problem is not None else ""
            self.line(f"{indent}{text}{why}".replace("\n", " "), "red" if one.problem is not None else "")

    def status(self, part: Part) -> str:
        why = self.why(part.problem) if part.problem else ""
        return self.words(f"part.{part.status}", why=why)

    def parts(self, parts: Sequence[Part]) -> None:
        for part in parts:
            self.line()
            if part.section is None:
                style = "red" if part.status == "damaged" else "dim"
                self.line(f"{self.words.label('sections', part.name)}: {self.status(part)}", style)
                continue
            self.line(self.words.label("sections", part.name), "bold underline")
            for field, value in fields_in_order(part.section):
                self._field(part.name, field, value)
            self.files(part, "  ")

    def _field(self, section: str, field: str, value: Any) -> None:
        words = self.words
        term = vocabulary.terms("fields").get(f"{section}.{field}")
        label = words.label("fields", f"{section}.{field}") if term else plain(field)
        shown = self._value(value, str(term["type"]) if term else "text")
        if field == "warnings":
            self.line(f"  ! {words('warnings')}: {shown}", "bold red")
            return
        lines = shown.split("\n")
        text = Text.assemble((f"  {label}: ", "dim"), lines[0])
        self._out.print(text, soft_wrap=not self._out.is_terminal)
        for line in lines[1:]:
            self.line(f"    {line}")

    def _value(self, value: Any, type: str) -> str:
        words = self.words
        kind, _, terms = type.partition(":")
        if value is None:
            return words("unknown")
        if isinstance(value, bool):
            return words("yes") if value else words("no")
        if isinstance(value, list):
            return " · ".join(self._value(one, type) for one in value) or "–"
        if kind == "codes" and isinstance(value, str):
            return plain(words.label(terms, value))
        if kind == "place" and isinstance(value, str):
            return plain(words.place(value))
        return plain(value) if isinstance(value, str) else plain(json.dumps(value, ensure_ascii=False))


@contextmanager
def _ctrl_c_ends() -> Iterator[None]:
    """asyncio would only take note of it, and whoever is asked could not leave.

    A Ctrl-C in the moment before the read begins does not wake it: an alarm does, five times a second.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGALRM"):
        alarm = signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
    try:
        yield
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, before)


def _console(stream: TextIO) -> Console:
    """Colours and the terminal's width for a person; no colour and no broken lines for a file or a pipe."""
    width = None if stream.isatty() else WIDE
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


# --- for programs: stable names ---------------------------------------------------------------------------------------


def instant_of(at: datetime | None) -> str | None:
    return stamp(at) if at is not None else None


def referral_value(item: Referral | Damaged) -> dict[str, Any]:
    if isinstance(item, Damaged):
        return {"id": item.id, "damaged": {"code": item.refused.code, **item.refused.at}}
    routing = item.routing
    return {
        "id": item.id,
        "sender": item.sender,
        "recipient": item.recipient,
        "as": item.as_,
        "state": item.state,
        "sent_at": instant_of(item.sent_at),
        "changed_at": instant_of(item.changed_at),
        "deletion_owed_since": instant_of(item.deletion_owed_since),
        "urgency": routing.urgency,
        "services": list(routing.services),
        "place": routing.place,
        "language": routing.language,
        "minor": routing.minor,
        "basis": item.decision.body.basis,
        "until": instant_of(item.until),
        "parts": item.part_names,
        "steps": [step_value(step) for step in item.steps],
    }


def step_value(step: Step) -> dict[str, Any]:
    note = None
    if step.note is not None:
        note = {"status": step.note.status, "text": step.note.text, "files": files_value(step.note)}
    return {
        "id": step.id,
        "agency": step.agency,
        "member": step.member,
        "type": step.type,
        "reason": step.reason,
        "at": instant_of(step.at),
        "note": note,
    }


def part_value(part: Part) -> dict[str, Any]:
    value: dict[str, Any] = {"name": part.name, "status": part.status}
    if part.section is not None:
        value["fields"] = dict(part.section.fields)
        value["files"] = files_value(part)
    if part.problem is not None:
        value["problem"] = part.problem.code
    return value


def files_value(part: Part) -> list[dict[str, Any]]:
    return [
        {
            "part": one.said.part,
            "name": one.said.name,
            "type": one.said.type,
            "size": one.said.size,
            "problem": one.problem.code if one.problem is not None else None,
        }
        for one in part.files
    ]


def sentence_value(sentence: Sentence) -> dict[str, str]:
    return {"kind": sentence.kind, "agency": sentence.agency, "text": sentence.text}


# --- short ids --------------------------------------------------------------------------------------------------------


def shortened(ids: Sequence[str]) -> dict[str, str]:
    """The last characters of each id, eight or as many more as tell them apart."""
    return {id: _short(id, ids) for id in ids}


def _short(id: str, ids: Sequence[str]) -> str:
    bare = id.replace("-", "")
    others = [one.replace("-", "") for one in ids if one != id]
    for length in range(SHORT, len(bare)):
        if not any(one.endswith(bare[-length:]) for one in others):
            return bare[-length:]
    return bare


def receipt_lines(given: Receipt | OwnReceipt, words: Words) -> Sequence[str]:
    """A new code, as it is shown once to whoever hands it to her; of her own, what it does."""
    mode = words.label("receipt_modes", given.mode)
    if isinstance(given, OwnReceipt):
        return [words("receipt.own", mode=mode)]
    return [words("receipt.new", mode=mode), "    " + given.code, words("receipt.once")]


def receipt_value(given: Receipt | OwnReceipt | None) -> dict[str, Any] | None:
    """code: None where she has it alone."""
    if given is None:
        return None
    return {"code": given.code if isinstance(given, Receipt) else None, "mode": given.mode}
