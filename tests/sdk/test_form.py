"""A form is understood, or the field at fault is named and its value is not."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ortoo.days import end_of_day, last_day
from ortoo.form import Form, FormError
from tests.sdk.conftest import SCENARIOS


def written(name: str = "01-shelter-tonight.json") -> dict[str, Any]:
    value: dict[str, Any] = json.loads((SCENARIOS / name).read_text(encoding="utf-8"))
    return value


def changed(path: str, value: Any, name: str = "01-shelter-tonight.json") -> dict[str, Any]:
    form: Any = written(name)
    *way, last = path.split(".")
    at = form
    for name in way:
        at = at[int(name)] if isinstance(at, list) else at[name]
    at[last] = value
    return form  # type: ignore[no-any-return]


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.json")), ids=lambda path: path.stem)
def test_every_scenario_is_a_form(path: Path) -> None:
    form = Form.read(path)
    assert form.recipients
    assert "evidence" not in {part for to in form.recipients for part in form.parts_for(to, "ngo")}


def test_the_shelter_gets_what_it_was_granted_and_the_account_stays(shelter: Form) -> None:
    assert shelter.parts_for("mgec", "ngo") == ("needs", "identity", "contact", "safety")
    assert shelter.consent.given_by == "person"
    assert shelter.consent.retain_days == 90
    assert shelter.consent.refusals == {"kind:police": ("*",)}


def test_all_sections_but_those_refused() -> None:
    grants = [{"to": "mgec", "sections": ["*"], "purposes": ["give_service"], "days": 90}]
    form = Form.parse({**written(), "consent": {**written()["consent"], "grants": grants}})
    assert form.parts_for("mgec", "ngo") == ("needs", "identity", "contact", "account", "safety")
    assert form.parts_for("mgec", "police") == ()


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        ("secret", 1, "secret", "unknown_field"),
        ("routing.colour", 1, "routing.colour", "unknown_field"),
        ("routing.urgency", "soon", "routing.urgency", "unknown_code"),
        ("routing.services", ["shelter", "shelter"], "routing.services", "named_twice"),
        ("routing.services", [], "routing.services", "empty"),
        ("routing.minor", "no", "routing.minor", "not_yes_or_no"),
        ("recipients", "mgec", "recipients", "not_a_list"),
        ("consent.basis", "hearsay", "consent.basis", "unknown_code"),
        ("consent.given_how", None, "consent.given_how", "missing"),
        ("consent.force", True, "consent.force", "unknown_field"),
        ("consent.grants.0.to", "kind:police", "consent.grants[0].to", "only_an_agency"),
        ("consent.grants.0.days", 1.5, "consent.grants[0].days", "not_a_number"),
        ("consent.grants.0.days", True, "consent.grants[0].days", "not_a_number"),
        ("consent.grants.0.sections", ["needs", "*"], "consent.grants[0].sections", "all_stands_alone"),
        ("consent.grants.0.purposes", ["curiosity"], "consent.grants[0].purposes[0]", "unknown_code"),
        ("consent.refusals.0.to", "kind:aliens", "consent.refusals[0].to", "unknown_code"),
        ("sections.diary", {}, "sections.diary", "unknown_field"),
        ("sections.needs.wish", "x", "sections.needs.wish", "unknown_field"),
        ("sections.needs.dependants", "two", "sections.needs.dependants", "not_a_number"),
        ("sections.identity.date_of_birth", "14 March", "sections.identity.date_of_birth", "not_a_date"),
        ("sections.contact.warnings", ["no_pigeons"], "sections.contact.warnings[0]", "unknown_code"),
        ("sections.contact.phone", "a\ud800", "sections.contact", "not_a_text"),
    ],
)
def test_the_field_at_fault_is_named(path: str, value: Any, field: str, problem: str) -> None:
    with pytest.raises(FormError) as raised:
        Form.parse(changed(path, value))
    assert (raised.value.field, raised.value.problem) == (field, problem)


def test_every_field_may_be_empty_asked_and_not_known() -> None:
    Form.parse(changed("sections.identity.date_of_birth", None))
    Form.parse(changed("sections.identity.date_of_birth", "1998"))


def test_a_name_that_is_no_word_is_not_repeated() -> None:
    with pytest.raises(FormError) as raised:
        Form.parse({**written(), "Цэцэгмаа": 1})
    assert raised.value.field == "?"


def test_what_is_not_json_says_so(tmp_path: Path) -> None:
    for text in (b"{", b"\xff", b"[" * 100_000, b'{"a":1,"a":2}', b"NaN"):
        (tmp_path / "form.json").write_bytes(text)
        with pytest.raises(FormError):
            Form.read(tmp_path / "form.json")
    with pytest.raises(FormError, match="no_such_file"):
        Form.read(tmp_path / "nowhere.json")
    with pytest.raises(FormError, match="no_such_file"):
        Form.read(tmp_path)


def test_the_same_form_gives_the_same_bytes(shelter: Form) -> None:
    again = Form.parse(json.loads(json.dumps(written(), sort_keys=True)))
    assert again.bytes == shelter.bytes
    assert Form.parse(changed("sections.needs.dependants", 1)).bytes != shelter.bytes


def test_so_many_days_end_with_that_day_in_ulaanbaatar() -> None:
    evening = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # 23:30 there
    assert end_of_day(evening, 90) == datetime(2027, 2, 23, 16, 0, tzinfo=UTC)
    assert last_day(end_of_day(evening, 90)).date().isoformat() == "2027-02-23"
    later = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)  # 00:30 of the next day there
    assert end_of_day(later, 0) == datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
