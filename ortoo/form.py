"""A form: what a worker filled in. A scenario file without its events (docs: DOMAIN words; ortoo/data/scenarios).

sender?  routing {urgency, services, place, language, minor}  recipients [agency]  sections {section: {field: value}}
consent {basis, given_how, given_by?, language, interpreter?, witness?, exception?, retain_days?,
         grants [{to, sections, purposes, days}], refusals [{to, sections}]}
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ortoo.attached import Attached
from ortoo.days import end_of_day
from ortoo.protocol import vocabulary
from ortoo.protocol.consent import ALL, FOR_A_CHILD, MAX_DECISIONS, MOST_DAYS, is_exception
from ortoo.protocol.documents import canonical
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import MAX_TOGETHER, NEVER_SENT

RETAIN_DAYS: Final = 90
MOST_FORM: Final = 8 * 1024 * 1024  # bytes

_FORM: Final = ("routing", "recipients", "consent", "sections")
_BESIDE: Final = (
    "id",
    "title",
    "fictional",
    "sender",
    "sent_at",
    "repeat",
    "events",
)  # of a scenario: not sent
_ROUTING: Final = ("urgency", "services", "place", "language", "minor")
_CONSENT: Final = ("basis", "given_how", "language", "grants")
_CONSENT_MAYBE: Final = (
    "given_by",
    "refusals",
    "exception",
    "interpreter",
    "witness",
    "receipt_mode",
    "retain_days",
)


class FormError(ValueError):
    """A form that cannot be understood. field: where; problem: what is wrong, a key of the catalogue; never a value."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field, self.problem = field, problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


@dataclass(frozen=True)
class Grant:
    sections: tuple[str, ...]
    purposes: tuple[str, ...]
    days: int

    def until(self, at: datetime, basis: str) -> datetime:
        """The end of the last day; without consent at most 30 times 24 hours (protocol §7)."""
        end = end_of_day(at, self.days)
        return min(end, at + MOST_DAYS) if is_exception(basis) else end


@dataclass(frozen=True)
class Without:
    """An exception: passing on without the person's consent."""

    reviewer: str
    tell_after_days: int


@dataclass(frozen=True)
class Routing:
    urgency: str
    services: tuple[str, ...]
    place: str
    language: str
    minor: bool


@dataclass(frozen=True)
class Consent:
    """The person's decisions: at most one grant for each agency, refusals by addressee (`kind:…` and `*` too)."""

    basis: str
    given_by: str | None
    given_how: str | None
    language: str | None
    interpreter: bool
    witness: bool
    retain_days: int
    grants: Mapping[str, Grant]
    refusals: Mapping[str, tuple[str, ...]]
    exception: Without | None = None
    receipt_mode: str | None = "full"  # of the vocabulary's; None: she takes no receipt

    @property
    def addressees(self) -> list[str]:
        return sorted({*self.grants, *self.refusals})


@dataclass(frozen=True)
class Evidence:
    """How she gave her decisions: fields of the section `evidence`, and files."""

    fields: Mapping[str, Any] = field(repr=False)
    files: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class Form:
    routing: Routing
    recipients: tuple[str, ...]
    consent: Consent
    sections: Mapping[str, Mapping[str, Any]] = field(repr=False)
    sender: tuple[str, str] | None = None  # agency and member's handle, where the form says whose it is
    attached: Mapping[str, tuple[Attached, ...]] = field(default_factory=dict)  # by section

    @classmethod
    def parse(cls, value: Any) -> "Form":
        """The form of a parsed JSON value. Raises FormError."""
        top = _object(value, "", _FORM, _BESIDE)
        form = cls(
            routing=_routing(top["routing"]),
            recipients=_codes(top["recipients"], "recipients"),
            consent=_consent(top["consent"]),
            sections=_sections(top["sections"]),
            sender=_sender(top.get("sender")),
        )
        if len(form.recipients) > MAX_TOGETHER:
            raise FormError("recipients", "too_many")
        return form

    @classmethod
    def read(cls, path: Path | str) -> "Form":
        """The form in a file. Raises FormError; field `file` where it is not there, or not JSON."""
        try:
            raw = Path(path).read_bytes()
        except OSError:
            raise FormError("file", "no_such_file") from None
        if len(raw) > MOST_FORM:
            raise FormError("file", "too_large")
        try:
            return cls.parse(json.loads(raw.decode("utf-8"), object_pairs_hook=_no_doubles))
        except (ValueError, RecursionError) as error:
            if isinstance(error, FormError):
                raise
            raise FormError("file", "not_json") from None

    @property
    def evidence(self) -> Evidence | None:
        """What stays with the own agency, sealed; None where there is nothing."""
        fields, files = self.sections.get("evidence", {}), self.attached.get("evidence", ())
        return Evidence(fields, files) if fields or files else None

    @property
    def without_evidence(self) -> "Form":
        """What of it may go to others."""
        sections = {name: fields for name, fields in self.sections.items() if name != "evidence"}
        attached = {name: files for name, files in self.attached.items() if name != "evidence"}
        return replace(self, sections=sections, attached=attached)

    @property
    def decided_on(self) -> list[str]:
        """Whom there will be a decision on: evidence goes with the one on everybody."""
        return sorted({*self.consent.addressees, *((ALL,) if self.evidence is not None else ())})

    @property
    def bytes(self) -> bytes:
        """The same form gives the same bytes."""
        consent = self.consent
        files = {name: [[one.name, one.sha256] for one in files] for name, files in self.attached.items() if files}
        grants = {to: [list(one.sections), list(one.purposes), one.days] for to, one in consent.grants.items()}
        return canonical(
            {
                "routing": {**vars(self.routing), "services": list(self.routing.services)},
                "recipients": list(self.recipients),
                "sections": {name: dict(fields) for name, fields in self.sections.items()},
                "consent": {
                    **vars(consent),
                    "grants": grants,
                    "refusals": {to: list(sections) for to, sections in consent.refusals.items()},
                    "exception": vars(consent.exception) if consent.exception else None,
                },
                **({"attached": files} if files else {}),
            }
        )

    def check_child(self) -> None:
        """FormError where a guardian agrees without the child's own word, or is not safe to decide for it."""
        if self.consent.basis != FOR_A_CHILD or not self.consent.grants:
            return
        if self.consent.given_by != "guardian":
            raise FormError("consent.given_by", "guardian_decides")
        self.check_guardian()
        if not str(self.sections.get("child", {}).get("assent") or "").strip():
            raise FormError("sections.child.assent", "missing")

    def check_guardian(self) -> None:
        """FormError where a guardian's yes stands for a child whose guardian is suspected."""
        if self.consent.basis == FOR_A_CHILD and self.sections.get("child", {}).get("guardian_is_safe") is False:
            raise FormError("sections.child.guardian_is_safe", "guardian_unsafe")

    def parts_for(self, agency: str, kind: str) -> tuple[str, ...]:
        """The sections that go to an agency: those that its grant names and the form has; `evidence` stays."""
        grant = self.consent.grants.get(agency)
        if grant is None:
            return ()
        there = [one for one in vocabulary.terms("sections") if one in self.sections and one not in NEVER_SENT]
        if grant.sections == (ALL,):
            refused = {s for to in (agency, f"kind:{kind}", ALL) for s in self.consent.refusals.get(to, ())}
            left = [] if ALL in refused else [one for one in there if one not in refused]
            chosen = [one for one in left if one != "justification"]
        else:
            chosen = [one for one in there if one in grant.sections and one != "justification"]
        if self.consent.exception is not None and "justification" in there:
            chosen.append("justification")
        return tuple(chosen)


# --- parsing ----------------------------------------------------------------------------------------------------------


def _no_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise FormError("file", "named_twice")
    return value


def _object(value: Any, where: str, needed: Iterable[str], maybe: Iterable[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise FormError(where or "form", "not_an_object")
    needed, maybe = tuple(needed), tuple(maybe)
    for name in value:
        if name not in needed and name not in maybe:
            raise FormError(_in(where, name), "unknown_field")
    for name in needed:
        if name not in value:
            raise FormError(_in(where, name), "missing")
    return value


def _in(where: str, name: str) -> str:
    """`where.name`; a name that is no plain word is not repeated."""
    shown = name if len(name) <= 40 and name.replace("_", "").isalnum() and name.isascii() else "?"
    return f"{where}.{shown}" if where else shown


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise FormError(where, "not_a_list")
    return value


def _codes(value: Any, where: str, known: frozenset[str] | None = None, *, empty: bool = False) -> tuple[str, ...]:
    codes = [_code(one, f"{where}[{place}]", known) for place, one in enumerate(_list(value, where))]
    if len(set(codes)) != len(codes):
        raise FormError(where, "named_twice")
    if not codes and not empty:
        raise FormError(where, "empty")
    return tuple(codes)


def _code(value: Any, where: str, known: frozenset[str] | None = None) -> str:
    if not isinstance(value, str):
        raise FormError(where, "not_a_text")
    if known is not None and value not in known:
        raise FormError(where, "unknown_code")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise FormError(where, "not_yes_or_no")
    return value


def _number(value: Any, where: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise FormError(where, "not_a_number")
    return value


def _sender(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    named = _object(value, "sender", ("agency", "member"))
    return _code(named["agency"], "sender.agency"), _code(named["member"], "sender.member")


def _routing(value: Any) -> Routing:
    named = _object(value, "routing", _ROUTING)
    return Routing(
        urgency=_code(named["urgency"], "routing.urgency", vocabulary.codes("urgency")),
        services=_codes(named["services"], "routing.services", vocabulary.codes("services")),
        place=_code(named["place"], "routing.place"),
        language=_code(named["language"], "routing.language", vocabulary.codes("languages")),
        minor=_flag(named["minor"], "routing.minor"),
    )


def _consent(value: Any) -> Consent:
    named = _object(value, "consent", _CONSENT, _CONSENT_MAYBE)
    basis = _code(named["basis"], "consent.basis", vocabulary.codes("consent_bases"))
    how = named["given_how"]
    exception = is_exception(basis)
    if (how is None) != exception:
        raise FormError("consent.given_how", "missing" if how is None else "not_in_an_exception")
    grants, refusals = _grants(named["grants"]), _refusals(named.get("refusals", []))
    if len({*grants, *refusals}) > MAX_DECISIONS:
        raise FormError("consent", "too_many")
    by = named.get("given_by", None if exception else "guardian" if basis == FOR_A_CHILD else "person")
    language = named["language"]
    return Consent(
        basis=basis,
        given_by=None if by is None else _code(by, "consent.given_by", vocabulary.codes("consent_given_by")),
        given_how=None if how is None else _code(how, "consent.given_how", vocabulary.codes("consent_given_how")),
        language=None if language is None else _code(language, "consent.language", vocabulary.codes("languages")),
        interpreter=_flag(named.get("interpreter", how == "by_interpreter"), "consent.interpreter"),
        witness=_flag(named.get("witness", how == "spoken_witnessed"), "consent.witness"),
        retain_days=_number(named.get("retain_days", RETAIN_DAYS), "consent.retain_days", 1, 365),
        grants=grants,
        refusals=refusals,
        exception=_exception(named.get("exception"), exception),
        receipt_mode=_receipt_mode(named.get("receipt_mode", "full")),
    )


def _receipt_mode(value: Any) -> str | None:
    mode = _code(value, "consent.receipt_mode", vocabulary.codes("receipt_modes"))
    return None if mode == "none" else mode


def _grants(value: Any) -> dict[str, Grant]:
    grants: dict[str, Grant] = {}
    for place, one in enumerate(_list(value, "consent.grants")):
        where = f"consent.grants[{place}]"
        named = _object(one, where, ("to", "sections", "purposes", "days"))
        to = _code(named["to"], f"{where}.to")
        if to == ALL or to.startswith("kind:"):
            raise FormError(f"{where}.to", "only_an_agency")
        if to in grants:
            raise FormError(f"{where}.to", "named_twice")
        grants[to] = Grant(
            sections=_codes(named["sections"], f"{where}.sections", _sections_or_all()),
            purposes=_codes(named["purposes"], f"{where}.purposes", vocabulary.codes("purposes")),
            days=_number(named["days"], f"{where}.days", 0, 3650),
        )
        _alone(grants[to].sections, f"{where}.sections")
    return grants


def _refusals(value: Any) -> dict[str, tuple[str, ...]]:
    refusals: dict[str, tuple[str, ...]] = {}
    for place, one in enumerate(_list(value, "consent.refusals")):
        where = f"consent.refusals[{place}]"
        named = _object(one, where, ("to", "sections"))
        to = _code(named["to"], f"{where}.to")
        if to.startswith("kind:") and to.removeprefix("kind:") not in vocabulary.codes("agency_kinds"):
            raise FormError(f"{where}.to", "unknown_code")
        if to in refusals:
            raise FormError(f"{where}.to", "named_twice")
        refusals[to] = _codes(named["sections"], f"{where}.sections", _sections_or_all())
        _alone(refusals[to], f"{where}.sections")
    return refusals


def _sections_or_all() -> frozenset[str]:
    return vocabulary.codes("sections") | {ALL}


def _alone(sections: tuple[str, ...], where: str) -> None:
    if ALL in sections and len(sections) > 1:
        raise FormError(where, "all_stands_alone")


def _exception(value: Any, needed: bool) -> Without | None:
    if (value is not None) != needed:
        raise FormError("consent.exception", "missing" if needed else "not_an_exception")
    if value is None:
        return None
    named = _object(value, "consent.exception", ("reviewer",), ("second_member", "receipt_delay_days"))
    days = _number(named.get("receipt_delay_days", 0), "consent.exception.receipt_delay_days", 0, 365)
    return Without(_code(named["reviewer"], "consent.exception.reviewer"), days)


def _sections(value: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(value, dict):
        raise FormError("sections", "not_an_object")
    fields = vocabulary.terms("fields")
    for section, filled in value.items():
        where = _in("sections", section)
        if section not in vocabulary.codes("sections"):
            raise FormError(where, "unknown_field")
        if not isinstance(filled, dict):
            raise FormError(where, "not_an_object")
        for name, one in filled.items():
            term = fields.get(f"{section}.{name}")
            if term is None:
                raise FormError(_in(where, name), "unknown_field")
            if one is not None:  # asked, and not known
                _value(one, str(term["type"]), f"{where}.{name}")
        try:
            canonical(filled).decode()
        except Refused:
            raise FormError(where, "not_a_text") from None
    return dict(value)


def _value(value: Any, type: str, where: str) -> None:
    """A field's value is of its type in the vocabulary."""
    match type.partition(":"):
        case ["number", _, _]:
            _number(value, where, 0, 2**53 - 1)
        case ["yes_no", _, _]:
            _flag(value, where)
        case ["date", _, _]:
            _date(value, where)
        case ["codes", _, known]:
            several = value if isinstance(value, list) else [value]
            _codes(several, where, vocabulary.codes(known), empty=True)
        case ["list" | "iso3166" | "htcds", _, _] if isinstance(value, list):
            for place, one in enumerate(value):
                _code(one, f"{where}[{place}]")
        case ["list", _, _]:
            raise FormError(where, "not_a_list")
        case _:
            _code(value, where)


def _date(value: Any, where: str) -> None:
    """YYYY, YYYY-MM or YYYY-MM-DD: a day without a zone, or as much of it as is known."""
    text = _code(value, where)
    for pattern in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            datetime.strptime(text, pattern)
            return
        except ValueError:
            continue
    raise FormError(where, "not_a_date")
