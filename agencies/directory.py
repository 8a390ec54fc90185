"""The key directory as this hub has it in force (protocol §3): replayed once a process, then kept up to date."""

import threading
from collections.abc import Sequence

from django.db import transaction

from agencies import keys
from agencies.changes import tell_rights_changed
from agencies.models import Agency
from audit import log
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import Admission, TreeHead

LOG = log.DIRECTORY

_lock = threading.Lock()
_replayed = Directory()


def in_force() -> Directory:
    """The directory up to the newest signed checkpoint. Shared by all threads of the process; it only ever grows."""
    return _upto(log.signed_size(LOG))


def held() -> Directory:
    """The same, and no entry comes into force before the caller's transaction ends."""
    return _upto(log.hold(LOG))


def _upto(wanted: int) -> Directory:
    if _replayed.size < wanted:
        with _lock:
            for entry in log.entries(LOG, _replayed.size, wanted):
                _replayed.append(entry.decode())
    return _replayed


def append(entries: Sequence[str]) -> None:
    """Verify entries against all before them, add them to the log and sign it, in one transaction. All or none.

    The checkpoint becomes visible together with what it covers, so nothing uncommitted is ever shown as signed.

    Raises:
        Refused: with a code of protocol §13.
    """
    with transaction.atomic():
        size = log.append(LOG, [])  # locks the tree
        replay = _upto(log.signed_size(LOG)).copy()
        for entry in log.entries(LOG, replay.size, size):
            replay.append(entry.decode())
        for entry in entries:
            document = replay.append(entry)
            if document is not None and isinstance(document.body, Admission):
                _show(document)
                tell_rights_changed(document.body.agency)
        log.append(LOG, [entry.encode() for entry in entries])
        log.sign(LOG, origin_of(replay), _log_key(replay))


def is_suspended(agency: str) -> bool:
    """As of now."""
    state = in_force().now().agency(agency)
    return state is not None and state.suspended


def would_take(entry: str) -> bool:
    """Whether the directory would take the entry now; False where only signatures are missing. Raises Refused."""
    try:
        in_force().copy().append(entry)
    except Refused as refused:
        if refused.code == "threshold_not_met":
            return False
        raise
    return True


def _log_key(directory: Directory) -> SigningKey:
    """This hub's key of the directory log, which must be the one that the network names."""
    key = keys.directory_log()
    if directory.policy.log_key(origin_of(directory)).public != key.public:
        raise RuntimeError("the directory log's key is not the one that the network names")
    return key


def origin_of(directory: Directory) -> str:
    """The origin of the directory log: the policy's log whose name ends in /log/directory."""
    return directory.policy.log_named("/log/directory").name


def check_signed_head(head: TreeHead) -> None:
    """`directory_fork` for a root that this hub never signed (protocol §2)."""
    if not log.has_signed(LOG, head.size, unb64(head.root)):
        raise Refused("directory_fork", field="directory", size=head.size)


def _show(admission: Document[Admission]) -> None:
    body = admission.body
    Agency.objects.update_or_create(
        handle=body.agency,
        defaults={
            "kind": body.kind,
            "name_en": body.names.en,
            "name_mn": body.names.mn,
        },
    )
