"""What is handed in: signed documents with what is sealed beside them."""

from collections.abc import Mapping
from typing import Any

import graphene

from agencies.scalars import Bytes, Envelope
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import Blobs as SealedBlobs


class PartInput(graphene.InputObjectType):
    """A sealed text."""

    name = graphene.String(required=True, description="The part's name, as the document lists it.")
    ciphertext = Bytes(required=True, description="The sealed, padded text.")


class WrapInput(graphene.InputObjectType):
    """A reader's key, sealed to the newest key of that agency."""

    agency = graphene.String(required=True, description="The reader.")
    wrap = Bytes(required=True, description="1,168 bytes.")


class KeyInput(graphene.InputObjectType):
    """A part's key under a reader's key."""

    part = graphene.String(required=True, description="The part.")
    agency = graphene.String(required=True, description="The reader.")
    key = Bytes(required=True, description="104 bytes.")


class SealedInput(graphene.InputObjectType):
    """A signed document and all that travels sealed beside it."""

    envelope = Envelope(required=True, description="The signed document.")
    parts = graphene.List(graphene.NonNull(PartInput), required=True, default_value=[], description="Sealed texts.")
    wraps = graphene.List(graphene.NonNull(WrapInput), required=True, default_value=[], description="Readers' keys.")
    keys = graphene.List(graphene.NonNull(KeyInput), required=True, default_value=[], description="Parts' keys.")


def whole_of(handed_in: Mapping[str, Any]) -> tuple[str, SealedBlobs]:
    """A handed-in whole as its envelope and blobs; `malformed` for one that is there twice."""
    parts = {one.name: one.ciphertext for one in handed_in["parts"]}
    wraps = {one.agency: one.wrap for one in handed_in["wraps"]}
    keys = {(one.part, one.agency): one.key for one in handed_in["keys"]}
    for field, blobs in (("parts", parts), ("wraps", wraps), ("keys", keys)):
        if len(blobs) != len(handed_in[field]):
            raise Refused("malformed", "The same sealed part was handed in twice.", field=field)
    return handed_in["envelope"], SealedBlobs(parts, wraps, keys)
