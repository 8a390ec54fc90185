"""Scalars of the API: envelopes and bytes, whose form is refused with a stable code rather than with a type error."""

from typing import Any
from uuid import UUID

import graphene
from graphql import ValueNode
from graphql.language import StringValueNode

from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.errors import Refused


class Envelope(graphene.Scalar):
    """A signed document: a DSSE v1 envelope in canonical JSON (docs/protocol.md, section 2)."""

    @staticmethod
    def serialize(value: str) -> str:
        return value

    @staticmethod
    def parse_value(value: Any) -> str:
        return _text(value)

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> str:
        return _text(node.value if isinstance(node, StringValueNode) else None)


class Bytes(graphene.Scalar):
    """Bytes, as base64url without padding (RFC 4648, section 5)."""

    @staticmethod
    def serialize(value: bytes) -> str:
        return b64(bytes(value))

    @staticmethod
    def parse_value(value: Any) -> bytes:
        return unb64(_text(value))

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> bytes:
        return unb64(_text(node.value if isinstance(node, StringValueNode) else None))


def uuid_of(text: str, field: str = "id") -> UUID:
    """The id that a client wrote. Raises Refused (`malformed`)."""
    try:
        return UUID(text)
    except ValueError:
        raise Refused("malformed", "An id is a UUID.", field=field) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused("malformed", "This is a text.")
    return value
