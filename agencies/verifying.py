"""The directory, replayed from the log's files, and the rows that follow from it (protocol §3)."""

from collections.abc import Iterator

from agencies.models import Agency, AgencyKey, KemKey, Member
from audit import log
from audit.files import SIGNED, folder_of
from ortoo.protocol.checkpoint import head_of
from ortoo.protocol.directory import Directory, View
from ortoo.protocol.documents import b64, sha256
from ortoo.protocol.errors import Refused
from ortoo.protocol.tiles import ENTRIES, parse_bundle, tiles_of
from ortoo.verifying import Finding

AT_ONCE = 1000  # keys


def origin_of_rows() -> str:
    """The origin that the newest checkpoint of the database says; where there is none, empty."""
    newest = log.newest_signed(log.DIRECTORY)
    return head_of(newest.note).origin if newest is not None else ""


def replay(anchor: str | None, findings: list[Finding]) -> Directory:
    """The directory of the log's files: what the database says of it is compared elsewhere (audit/verifying.py).

    It ends at the first entry that does not continue it.
    """
    directory = Directory(anchor)
    for index, entry in enumerate(_entries(origin_of_rows())):
        try:
            directory.append(entry.decode())
        except (Refused, ValueError) as error:
            said = f"{error.message} [{error.code}]" if isinstance(error, Refused) else "It is not text."
            findings.append(Finding("audit_entry", str(index), "data", "illegal", None, said))
            break
    return directory


def _entries(origin: str) -> Iterator[bytes]:
    """As the files have them; as the database has them where these end or are not there."""
    folder, read = folder_of(origin), 0
    try:
        size = head_of((folder / SIGNED).read_text(encoding="utf-8")).size if origin else 0
        for tile in tiles_of(size):
            if tile.level == ENTRIES:
                entries = parse_bundle((folder / tile.path).read_bytes())
                read += len(entries)
                yield from entries
    except (OSError, Refused):
        pass  # told by whoever compares the files
    yield from log.entries(log.DIRECTORY, read, max(read, log.size_of(log.DIRECTORY)))


def verify(directory: Directory) -> Iterator[Finding]:
    """What the tables say of agencies, members and keys against the directory in force."""
    view = directory.at(max(1, min(directory.size, log.size_in_force(log.DIRECTORY))))
    yield from _agencies(view)
    yield from _members(view)
    yield from _keys(view)
    yield from _seeds(view)


def _agencies(view: View) -> Iterator[Finding]:
    rows = {one.handle: one for one in Agency.objects.all()}
    for state in view.agencies():
        row = rows.pop(state.handle, None)
        if row is None:
            yield Finding("agencies_agency", state.handle, "handle", "removed", None, "The directory has this agency.")
            continue
        names = state.admission.body.names
        for field, was in (("kind", state.kind), ("name_en", names.en), ("name_mn", names.mn)):
            if getattr(row, field) != was:
                yield Finding("agencies_agency", row.handle, field, "changed", None, f"It was admitted as {was}.")
    for handle in rows:
        yield Finding("agencies_agency", handle, "handle", "inserted", None, "The directory has no such agency.")


def _members(view: View) -> Iterator[Finding]:
    rows = {str(pk): agency for pk, agency in Member.objects.values_list("pk", "agency_id")}
    for state in view.agencies():
        for one in state.members:
            if one.id not in rows:
                told = f"The roster of {state.handle} names this member."
                yield Finding("agencies_member", one.id, "id", "removed", None, told)
            elif rows[one.id] != state.handle:
                told = f"The member belongs to {state.handle}."
                yield Finding("agencies_member", one.id, "agency", "changed", None, told)


def _keys(view: View) -> Iterator[Finding]:
    named = {
        kem
        for state in view.agencies()
        for kem in (*(one.kem for one in state.members), *([state.epoch.kem] if state.epoch is not None else []))
    }
    for row in KemKey.objects.iterator(AT_ONCE):
        named.discard(row.sha256)
        if b64(sha256(bytes(row.key))) != row.sha256:
            yield Finding("agencies_kemkey", row.sha256, "key", "changed", None, "It is not the key of this hash.")
    for kem in sorted(named):
        yield Finding("agencies_kemkey", kem, "key", "removed", None, "The directory names this key.")


def _seeds(view: View) -> Iterator[Finding]:
    missing = {
        (state.handle, state.epoch.n, one.id)
        for state in view.agencies()
        if state.epoch is not None
        for one in state.members
    }
    for row in AgencyKey.objects.iterator(AT_ONCE):
        state, member = view.agency(row.agency_id), str(row.member_id)
        missing.discard((row.agency_id, row.epoch, member))
        if state is None or not 1 <= row.epoch <= state.last_epoch:
            told = f"{row.agency_id} never had epoch {row.epoch}."
            yield Finding("agencies_agencykey", str(row.pk), "epoch", "changed", None, told)
        if state is not None and state.member(member) is None:
            told = f"It is for somebody who is not in the roster of {row.agency_id}."
            yield Finding("agencies_agencykey", str(row.pk), "member", "inserted", None, told)
    for agency, epoch, member in sorted(missing):
        told = f"{member} of {agency} would be without the key of epoch {epoch}."
        yield Finding("agencies_agencykey", f"{agency}/{epoch}/{member}", "sealed", "removed", None, told)
