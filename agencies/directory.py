"""The key directory as this hub has it in force (protocol §3): replayed once a process, then kept up to date."""

import threading

from agencies import keys
from audit import log
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import SigningKey, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import TreeHead

LOG = log.DIRECTORY

_lock = threading.Lock()
_replayed = Directory()


def in_force() -> Directory:
    """The directory up to the newest checkpoint with a quorum. Shared by all threads of the process; it only grows.

    Not to be asked for in a transaction that has put something in force: what is read would outlive its rollback.
    """
    return _founded(_upto(log.size_in_force(LOG)))


def held() -> Directory:
    """The same, and no entry comes into force before the caller's transaction ends."""
    return _founded(_upto(log.hold(LOG)))


def committed_alone(upto: int | None = None) -> Directory:
    """The directory with all that was ever committed, in force or not: a copy, which nobody else adds to before the
    caller's transaction ends. upto: its beginning, of a size that is in force or larger.
    """
    size = log.hold_alone(LOG)
    replay = _upto(log.size_in_force(LOG)).copy()
    for entry in log.entries(LOG, replay.size, size if upto is None else upto):
        replay.append(entry.decode())
    return replay


def _founded(directory: Directory) -> Directory:
    if not directory.size:
        raise Refused("not_found", "No network is in force on this hub yet: it is not founded, or not witnessed.")
    return directory


def _upto(wanted: int) -> Directory:
    if _replayed.size < wanted:
        with _lock:
            for entry in log.entries(LOG, _replayed.size, wanted):
                _replayed.append(entry.decode())
    return _replayed


def is_suspended(agency: str) -> bool:
    """As of now."""
    state = in_force().now().agency(agency)
    return state is not None and state.suspended


def log_key(directory: Directory) -> SigningKey:
    """This hub's key of the directory log, which must be the one that the network names."""
    key = keys.directory_log()
    if directory.policy.log_key(origin_of(directory)).public != key.public:
        raise Refused(
            "key_refused", "The network names another key of the directory log than this hub's.", field="policy"
        )
    return key


def origin_of(directory: Directory) -> str:
    """The origin of the directory log: the policy's log whose name ends in /log/directory."""
    return directory.policy.log_named("/log/directory").name


def activity_log(directory: Directory) -> tuple[str, SigningKey] | None:
    """The origin of the activity log and this hub's key of it; None where the network names no such log yet."""
    named = [one for one in directory.policy.logs if one.name.endswith("/log/activity")]
    if not named:
        return None
    key = keys.activity_log()
    if named[-1].public != key.public:
        raise Refused(
            "key_refused", "The network names another key of the activity log than this hub's.", field="policy"
        )
    return named[-1].name, key


def check_signed_head(head: TreeHead) -> None:
    """`directory_fork` for a root that this hub never signed (protocol §2)."""
    if not log.has_signed(LOG, head.size, unb64(head.root)):
        raise Refused("directory_fork", field="directory", size=head.size)
