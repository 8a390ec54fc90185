"""Consent in sentences: who will read what, for what, until when, and what is refused.

One function makes them, so that the same words stand everywhere (design of the screens, principle 2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ortoo.days import last_day
from ortoo.form import Form
from ortoo.protocol.consent import ALL, Withdrawal
from ortoo.protocol.directory import View
from ortoo.protocol.documents import instant
from ortoo.protocol.schemas import Consent
from ortoo.words import Words, plain

Kind = Literal["may_read", "reads_nothing", "refused", "stays", "basis", "taken_back"]


@dataclass(frozen=True)
class Sentence:
    """One sentence. agency: the addressee that it is about (`kind:…`, `*`); empty where it is about none."""

    kind: Kind
    agency: str
    text: str


def of_form(form: Form, view: View, words: Words, at: datetime) -> list[Sentence]:
    """What will happen when this form is sent at `at`."""
    said = []
    for to in form.recipients:
        agency, grant = view.agency(to), form.consent.grants.get(to)
        parts = form.parts_for(to, agency.kind if agency else "")
        if grant is None or not parts:
            said.append(Sentence("reads_nothing", to, words("consent.reads_nothing", agency=name(to, view, words))))
            continue
        until = grant.until(at, form.consent.basis)
        said.append(Sentence("may_read", to, _may_read(to, parts, grant.purposes, until, view, words)))
    for to in sorted({*form.consent.grants} - {*form.recipients}):
        grant = form.consent.grants[to]
        until = grant.until(at, form.consent.basis)
        text = words("consent.agreed", decision=_may_read(to, grant.sections, grant.purposes, until, view, words))
        said.append(Sentence("may_read", to, text))
    for to, sections in sorted(form.consent.refusals.items()):
        said.append(Sentence("refused", to, _refused(to, sections, view, words)))
    unsent = _unsent(form, view)
    if unsent:
        text = words("consent.stays", sections=words.labels("sections", unsent))
        said.append(Sentence("stays", "", text))
    basis = words.label("consent_bases", form.consent.basis)
    said.append(Sentence("basis", "", words("consent.basis", basis=basis)))
    return said


def of_resending(form: Form, decision: Consent, parts: Iterable[str], view: View, words: Words) -> list[Sentence]:
    """What will happen when a form goes out once more with these parts, under the newest decision on the agency."""
    said, to, parts, granted = [], decision.to, list(parts), decision.granted
    if granted is not None:
        text = _may_read(to, parts, granted.purposes, instant(granted.until), view, words)
        said.append(Sentence("may_read", to, text))
    if decision.refused:
        said.append(Sentence("refused", to, _refused(to, decision.refused, view, words)))
    rest = [section for section in form.sections if section not in parts]
    if rest:
        said.append(Sentence("stays", "", words("consent.not_this_time", sections=words.labels("sections", rest))))
    said.append(Sentence("basis", "", words("consent.basis", basis=words.label("consent_bases", decision.basis))))
    return said


def of_decision(decision: Consent, view: View, words: Words) -> list[Sentence]:
    """What one recorded decision says."""
    said, to = [], decision.to
    if decision.granted is not None:
        granted, until = decision.granted, instant(decision.granted.until)
        text = _may_read(to, granted.sections, granted.purposes, until, view, words)
        said.append(Sentence("may_read", to, text))
    if decision.refused:
        said.append(Sentence("refused", to, _refused(to, decision.refused, view, words)))
    return said


def of_withdrawals(withdrawals: Iterable[Withdrawal], view: View, words: Words) -> list[Sentence]:
    """What she took back by herself, with her code; what she said twice, once."""
    said = []
    for withdrawal in withdrawals:
        if withdrawal.is_whole:
            said.append(Sentence("taken_back", "", words("taken_back.all")))
            continue
        for scope in withdrawal.scopes:
            sections = (
                words.labels("sections", scope.sections)
                if ALL not in scope.sections
                else words("taken_back.everything")
            )
            for to in scope.agencies:
                text = words("taken_back.part", agency=name(to, view, words), sections=sections)
                if ALL not in scope.purposes:
                    text = words("taken_back.for", what=text, purposes=words.labels("purposes", scope.purposes))
                said.append(Sentence("taken_back", to, text))
    return list(dict.fromkeys(said))


def name(addressee: str, view: View, words: Words) -> str:
    """An agency's name in the directory, the label of a kind, or everybody."""
    if addressee == ALL:
        return words("consent.everybody")
    if addressee.startswith("kind:"):
        return words.label("agency_kinds", addressee.removeprefix("kind:"))
    agency = view.agency(addressee)
    return plain(getattr(agency.admission.body.names, words.language)) if agency else addressee


def _may_read(
    to: str,
    sections: Iterable[str],
    purposes: Iterable[str],
    until: datetime,
    view: View,
    words: Words,
) -> str:
    return words(
        "consent.may_read",
        agency=name(to, view, words),
        sections=_sections(sections, words),
        purposes=words.labels("purposes", purposes),
        day=words.day(last_day(until)),
    )


def _refused(to: str, sections: Iterable[str], view: View, words: Words) -> str:
    if list(sections) == [ALL]:
        return words("consent.refused_all", agency=name(to, view, words))
    if to == ALL:
        return words("consent.nobody_reads", sections=_sections(sections, words))
    return words("consent.refused", agency=name(to, view, words), sections=_sections(sections, words))


def _sections(sections: Iterable[str], words: Words) -> str:
    sections = list(sections)
    return words("consent.all_sections") if sections == [ALL] else words.labels("sections", sections)


def _unsent(form: Form, view: View) -> list[str]:
    """Sections that are filled in and go to nobody."""
    sent: set[str] = set()
    for to in form.recipients:
        agency = view.agency(to)
        sent.update(form.parts_for(to, agency.kind if agency else ""))
    kept = {**form.sections, **({"evidence": {}} if form.evidence is not None else {})}
    return [section for section in kept if section not in sent]
