"""What a form's consent says of an agency that was found: agreed, refused, not asked."""

from dataclasses import replace

import pytest

from ortoo.finding import decided
from ortoo.form import Form


@pytest.mark.parametrize(
    ("agency", "kind", "said"),
    [
        ("mgec", "ngo", "agreed"),
        ("ecpat", "ngo", "not_asked"),
        ("police-ct", "police", "refused"),  # she refused every agency of that kind
    ],
)
def test_of_the_shelters_form(shelter: Form, agency: str, kind: str, said: str) -> None:
    assert decided(shelter, agency, kind) == said


def test_a_refusal_of_everything_goes_before_what_was_agreed(shelter: Form) -> None:
    for refusals in ({"mgec": ("*",)}, {"*": ("*",)}, {"kind:ngo": ("*",)}):
        form = replace(shelter, consent=replace(shelter.consent, refusals=refusals))
        assert decided(form, "mgec", "ngo") == "refused"


def test_a_refusal_of_one_section_leaves_the_rest(three: Form) -> None:
    assert decided(three, "nhrcm", "human_rights") == "agreed"
    assert decided(three, "mine-khanbogd", "mining_company") == "refused"
