"""The documents that this release's own clients send: those of graphql/operations, each named by its SHA-256.

A client may send the name (`documentId`) in place of the text. Where the hub is told so, a page that is signed in by
cookie may send nothing else: what got into it could then at most ask what the client itself asks.
"""

from typing import Final

from django.conf import settings

from hub.browsers import Caller
from hub.errors import BadRequest
from ortoo import client
from ortoo.protocol.documents import sha256

DOCUMENTS: Final = {
    f"sha256:{sha256(text.encode()).hex()}": text for text in map(client.document, client.operation_names())
}
_TEXTS: Final = frozenset(DOCUMENTS.values())


def text_of(document_id: str) -> str:
    """The document of that name. Raises BadRequest."""
    text = DOCUMENTS.get(document_id)
    if text is None:
        raise _unknown("This document is not known here. Load the page again: it may be of an older release.")
    return text


def check(text: str, caller: Caller) -> None:
    """Whether this caller may send this document. Raises BadRequest."""
    if caller.of_cookie and settings.ORTOO_TRUSTED_DOCUMENTS and text not in _TEXTS:
        raise _unknown("Signed in by cookie, one can only ask what this release's own pages ask.")


def _unknown(message: str) -> BadRequest:
    return BadRequest.because("document_unknown", message, field="documentId")
