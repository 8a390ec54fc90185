"""Who acts: a member of an agency with its keys, its token, and the network that it was invited to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ortoo.protocol import schemas
from ortoo.protocol.documents import SigningKey
from ortoo.protocol.keys import MemberSecrets


@dataclass(frozen=True)
class Identity:
    """A member with all that it needs in order to act.

    anchor: H of the network document that was handed over outside of the hub (protocol §3). Nothing that the hub says
    is believed beyond what follows from it.
    coordinator: the key of a coordinator of the network, where the member is one.
    epochs, seen: of the member's keyring, where there is an account: seeds of the agency's epochs by number; the newest
    directory that any device of the member saw.
    """

    agency: str
    member: str
    handle: str
    roles: Sequence[str]
    secrets: MemberSecrets = field(repr=False)
    token: str = field(repr=False)
    network: str
    anchor: str
    name: Mapping[str, str] = field(default_factory=dict)
    coordinator: SigningKey | None = field(default=None, repr=False)
    epochs: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    seen: schemas.Seen | None = None
