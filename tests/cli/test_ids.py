"""Ids are shortened like git's, from the end: UUIDv7s made close in time begin alike."""

from ortoo.cli.commands import matching
from ortoo.cli.screen import shortened

FIRST = "01993b1e-5c6e-7a51-9f0e-1d2c3b4a5f60"
SECOND = "01993b1e-5c6f-7b52-8f0e-2d2c3b4a5f61"
ALIKE = "01993b1e-5c70-7b52-8f0e-999c3b4a5f61"


def test_eight_characters_of_the_end() -> None:
    assert shortened([FIRST, SECOND]) == {FIRST: "3b4a5f60", SECOND: "3b4a5f61"}


def test_more_where_eight_do_not_tell_them_apart() -> None:
    assert shortened([SECOND, ALIKE]) == {SECOND: "2c3b4a5f61", ALIKE: "9c3b4a5f61"}


def test_a_beginning_or_an_end_names_it() -> None:
    ids = [FIRST, SECOND, ALIKE]
    assert matching("5f60", ids) == [FIRST]
    assert matching("01993b1e5c6f", ids) == [SECOND]
    assert matching("3b4a5f61", ids) == [SECOND, ALIKE]
    assert matching("01993b1e", ids) == ids
    assert matching("ffff", ids) == []
