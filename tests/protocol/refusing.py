"""One word for the tests of refusals."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ortoo.protocol.errors import Refused


@contextmanager
def refused(code: str, **at: str | int) -> Iterator[None]:
    """The block is refused with this code, and names at least this as being at fault."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.code == code, str(caught.value)
    assert {name: caught.value.at.get(name) for name in at} == at, str(caught.value)
