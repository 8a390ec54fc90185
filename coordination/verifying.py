"""Exports, as they are kept, against what the hub signed and logged of them (protocol §10)."""

from collections.abc import Iterator, Sequence
from typing import Final

from audit.models import Leaf
from coordination.exports import EXPORTED
from coordination.models import Export, Look
from ortoo.protocol import documents, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import CLOCK_SKEW, instant
from ortoo.protocol.errors import Refused
from ortoo.verifying import Finding

TABLE: Final = "coordination_export"
AT_ONCE: Final = 500  # rows


def verify(directory: Directory) -> Iterator[Finding]:
    """Each export is signed by the hub, logged, and is of the look that it says; each look at a file has its export."""
    keys, network = directory.hub_keys, directory.id
    rows, last = Export.objects.select_related("look").order_by("pk"), None
    while some := list((rows if last is None else rows.filter(pk__gt=last))[:AT_ONCE]):
        last = some[-1].pk
        logged = _logged(some)
        for row in some:
            yield from _exported(row, keys, network)
            if bytes(row.sha256) not in logged:
                yield _found(row, "sha256", "No leaf of the log is of it.", inserted=True)
    for look in Look.objects.filter(what="export", export=None).order_by("pk").iterator(AT_ONCE):
        yield Finding(TABLE, f"of look {look.pk}", "row", "removed", look.at, "What was signed of this export is gone.")


def _logged(rows: Sequence[Export]) -> set[bytes]:
    found = Leaf.objects.filter(document__in=[bytes(one.sha256) for one in rows])
    return {bytes(one) for one in found.values_list("document", flat=True)}


def _exported(row: Export, keys: set[bytes], network: str) -> Iterator[Finding]:
    try:
        document = documents.read(row.envelope, schemas.Record)
    except Refused as refused:
        yield _found(row, "envelope", f"{refused.message} [{refused.code}]")
        return
    body, look = document.body, row.look
    if body.network != network or not documents.signers(document, keys):
        yield _found(row, "envelope", "The hub of this network has not signed it.")
    signed = {
        "id": (str(row.pk), body.id),
        "sha256": (bytes(row.sha256), document.hash),
        "agency": (look.agency_id, body.what.agency),
        "count": (look.count, body.what.count),
        "what": ((look.what, EXPORTED), ("export", body.what.code)),
    }
    for field, (has, was) in signed.items():
        if has != was:
            yield _found(row, field, "It is not what was signed.")
    if abs(look.at - instant(body.at)).total_seconds() > CLOCK_SKEW:
        yield _found(row, "at", f"What was signed gives {body.at}.")


def _found(row: Export, field: str, told: str, *, inserted: bool = False) -> Finding:
    return Finding(TABLE, str(row.pk), field, "inserted" if inserted else "changed", row.look.at, told)
