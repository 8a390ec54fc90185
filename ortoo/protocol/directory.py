"""The directory (protocol §3): network, admission and roster documents, replayed in the order of their log.

Who is a member, with which key, in which role; which key an agency has now; who is suspended: all of it comes out of
this replay and nothing else. `Directory.at(size)` is the directory as it stood when it had `size` entries.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Policy
from ortoo.protocol.documents import (
    Document,
    b64,
    check_signing_key,
    instant,
    kind_of_envelope,
    read,
    signers,
    unb64,
    verify,
)
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import (
    Admission,
    Epoch,
    MemberKeys,
    Network,
    Roster,
    RosterMember,
    Sealed,
    SealedReader,
    Signed,
    TreeHead,
)

MAX_ENTRY: Final = 65_535  # bytes
MAX_MEMBERS: Final = 200
MAX_EPOCH: Final = timedelta(days=100)
PROTOCOL: Final = 1
LOG: Final = "/log/directory"  # what the origin of the directory log ends in


@dataclass(frozen=True)
class Agency:
    """An agency as the directory had it at one size."""

    handle: str
    admission: Document[Admission]
    roster: Document[Roster] | None  # None: admitted, and no roster yet
    last_version: int = 0  # of rosters, across admissions
    last_epoch: int = 0

    @property
    def kind(self) -> str:
        return self.admission.body.kind

    @property
    def may(self) -> tuple[str, ...]:
        return tuple(self.admission.body.may)

    @property
    def suspended(self) -> bool:
        return self.admission.body.suspended

    @property
    def members(self) -> tuple[RosterMember, ...]:
        return tuple(self.roster.body.members) if self.roster else ()

    @property
    def epoch(self) -> Epoch | None:
        return self.roster.body.epoch if self.roster else None

    def member(self, member: str) -> RosterMember | None:
        return next((one for one in self.members if one.id == member), None)


@dataclass(frozen=True)
class View:
    """The directory at one size."""

    size: int
    network: Document[Network]
    _agencies: dict[str, tuple[list[int], list[Agency]]]

    def agency(self, handle: str) -> Agency | None:
        sizes, states = self._agencies.get(handle, ([], []))
        found = bisect_right(sizes, self.size)
        return states[found - 1] if found else None

    def agencies(self) -> list[Agency]:
        found = (self.agency(handle) for handle in sorted(self._agencies))
        return [one for one in found if one is not None]

    def member(self, agency: str, member: str) -> RosterMember | None:
        state = self.agency(agency)
        return state.member(member) if state else None

    def roles(self, agency: str, member: RosterMember) -> set[str]:
        """The roles that count: `coordinator` only where the agency's admission lets it coordinate (§3)."""
        state = self.agency(agency)
        counts = state is not None and "coordinate" in state.may
        return {role for role in member.roles if counts or role != "coordinator"}

    def author(self, document: Document[Any]) -> RosterMember:
        """The author of a member's document, its signature verified. `key_unknown` or `signature_invalid`."""
        body: Signed = document.body
        member = self.member(body.author.agency, body.author.member)
        if member is None:
            raise Refused("key_unknown", field="author")
        verify(document, unb64(member.key))
        return member


class Directory:
    """The replayed chain. `append` refuses whatever does not continue it; nothing is half-applied."""

    def __init__(self, anchor: str | None = None) -> None:
        """anchor: H of the network document that the client was given outside of the hub; None: trust the first."""
        self.entries: list[str] = []
        self._anchor = anchor
        self._tree = merkle.Growing()
        self._roots: list[bytes] = [merkle.EMPTY_ROOT]
        self._networks: tuple[list[int], list[Document[Network]]] = ([], [])
        self._agencies: dict[str, tuple[list[int], list[Agency]]] = {}
        self._positions: dict[str, int] = {}  # H(document) -> size of the directory that first holds it
        self._signing_keys: dict[str, str] = {}  # key -> its holder
        self._kem_keys: set[str] = set()

    def copy(self) -> "Directory":
        """The same history, to go on with by itself."""
        other = Directory(self._anchor)
        other.entries, other._roots = list(self.entries), list(self._roots)
        other._tree = self._tree.copy()
        other._networks = (list(self._networks[0]), list(self._networks[1]))
        other._agencies = {handle: (list(sizes), list(states)) for handle, (sizes, states) in self._agencies.items()}
        other._positions, other._signing_keys = dict(self._positions), dict(self._signing_keys)
        other._kem_keys = set(self._kem_keys)
        return other

    def __contains__(self, sha256: str) -> bool:
        """Whether the document of this H stands in it."""
        return sha256 in self._positions

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def head(self) -> TreeHead:
        return TreeHead(size=self.size, root=b64(self.root_at(self.size)))

    def root_at(self, size: int) -> bytes:
        return self._roots[size]

    @property
    def network(self) -> Document[Network]:
        return self.at(self.size).network

    @property
    def id(self) -> str:
        return self.network.body.network

    @property
    def policy(self) -> Policy:
        return Policy.parse(self.network.body.policy)

    @property
    def networks(self) -> list[str]:
        """Each version of the network, from the first: the log's key and its witnesses, for whoever has no more."""
        return [network.envelope for network in self._networks[1]]

    @property
    def hub_keys(self) -> set[bytes]:
        """Each key of the hub that a version of the network has named."""
        return {unb64(network.body.hub_key) for network in self._networks[1]}

    def at(self, size: int) -> View:
        sizes, networks = self._networks
        found = bisect_right(sizes, size)
        if not found or size > self.size:
            raise Refused("directory_fork", "The directory has no such size.", size=size)
        return View(size, networks[found - 1], self._agencies)

    def now(self) -> View:
        return self.at(self.size)

    def check_head(self, head: TreeHead) -> None:
        """`directory_fork` where what a document relied on is not a part of this history."""
        if not 1 <= head.size <= self.size or b64(self.root_at(head.size)) != head.root:
            raise Refused("directory_fork", field="directory", size=head.size)

    def check_signed(self, document: Document[Any], roles: Iterable[str]) -> View:
        """The author of a member's document, its role, its readers' epochs and its directory, as of the size it states.

        Gives the view at that size.

        Raises: key_unknown, signature_invalid, role_not_allowed, epoch_stale, directory_fork.
        """
        body: Signed = document.body
        if body.network != self.id:
            raise Refused("malformed", "It belongs to another network.", field="network")
        view = self.at(body.directory.size)
        author = view.author(document)
        if not set(roles) & view.roles(body.author.agency, author):
            raise Refused("role_not_allowed", field="author")
        for reader in _readers(document):
            agency = view.agency(reader.agency)
            if agency is None or agency.epoch is None:
                raise Refused("epoch_stale", "This agency has no key yet.", reader=reader.agency)
            if reader.epoch != agency.epoch.n:
                raise Refused("epoch_stale", reader=reader.agency)
        self.check_head(body.directory)
        return view

    def check_current(self, document: Document[Any], *involved: str) -> None:
        """Refuse with `directory_stale` what relies on a fact that has changed since the size it states.

        The facts: the author's membership, the epochs it seals to, the admissions of the agencies `involved`.
        """
        body: Signed = document.body
        then, now = self.at(body.directory.size), self.now()
        if then.member(body.author.agency, body.author.member) != now.member(body.author.agency, body.author.member):
            raise Refused("directory_stale", field="author", size=now.size)
        for reader in _readers(document):
            before, after = then.agency(reader.agency), now.agency(reader.agency)
            if before is None or after is None or before.epoch != after.epoch:
                raise Refused("directory_stale", reader=reader.agency, size=now.size)
        for handle in involved:
            before, after = then.agency(handle), now.agency(handle)
            if before is None or after is None or before.admission.hash != after.admission.hash:
                raise Refused("directory_stale", reader=handle, size=now.size)

    def roster_after(self, handle: str) -> tuple[str, int]:
        """`prev` and `version` of the agency's next roster. KeyError for an agency that is not there."""
        state = self._agencies[handle][1][-1]
        before = state.roster or self._last_with_admin(state)
        return before.sha256, state.last_version + 1

    def check_next(self, body: Network | Admission) -> None:
        """`chain_broken` for what can't be the next of its chain, whoever will have signed it."""
        if isinstance(body, Network):
            _check_next_network(body, self.network)
        else:
            _check_next_admission(body, self._same_network(body.network).agency(body.agency))

    def append(self, envelope: str) -> Document[Any] | None:
        """Verify the next entry against all before it and take it in; else Refused, and nothing has changed.

        Entries of the kind `release` are taken in unread, and give None (§11).
        """
        if len(envelope.encode("utf-8", "surrogatepass")) > MAX_ENTRY:
            raise Refused("limit_exceeded", field="entry", most=MAX_ENTRY)
        kind = kind_of_envelope(envelope)
        document: Document[Any] | None = None
        match kind:
            case "network":
                document = self._take_network(read(envelope, Network))
            case "admission":
                document = self._take_admission(read(envelope, Admission))
            case "roster":
                document = self._take_roster(read(envelope, Roster))
            case "release" if self.entries:
                pass
            case _:
                raise Refused(
                    "malformed",
                    "This kind of document does not belong in the directory.",
                    field="payloadType",
                )
        self._tree.append(merkle.leaf_hash(envelope.encode()))
        self._roots.append(self._tree.root())
        if document is not None:
            self._positions[document.sha256] = self.size + 1
        self.entries.append(envelope)  # last: readers in other threads go by its length
        return document

    def continued(self) -> list[TreeHead]:
        """The heads of earlier logs that this directory says it continues (§10)."""
        _, networks = self._networks
        return [one.body.continues for one in networks if one.body.continues is not None]

    # --- network ------------------------------------------------------------------------------------------------------

    def _take_network(self, document: Document[Network]) -> Document[Network]:
        body = document.body
        sizes, networks = self._networks
        before = networks[-1] if networks else None
        _check_network(body, before.body if before else None)
        if before is not None:
            need(document, before.body)
        need(document, body)
        signing = _keys_of_network(body)
        _check_strength(signing)
        if before is None and self.entries:
            raise Refused("chain_broken", "A directory begins with version 1 of the network.", field="version")
        _check_next_network(body, before)
        self._check_unused(signing, [])
        if before is None and self._anchor not in (None, document.sha256):
            raise Refused("directory_fork", "This is not the network that the invitation names.", field="network")
        self._use_keys(signing, [])
        sizes.append(self.size + 1)
        networks.append(document)
        return document

    # --- admission ----------------------------------------------------------------------------------------------------

    def _take_admission(self, document: Document[Admission]) -> Document[Admission]:
        body = document.body
        now = self._same_network(body.network)
        before = now.agency(body.agency)
        if before is None and body.admin is None:
            raise Refused("malformed", "The first admission names the first administrator.", field="admin")
        need(document, now.network.body)
        signing, kem = _keys_of([body.admin] if body.admin else [], body.agency)
        _check_strength(signing)
        _check_next_admission(body, before)
        self._check_unused(signing, kem)
        self._use_keys(signing, kem)
        if before is None:
            self._set(Agency(body.agency, document, None))
        else:
            self._set(replace(before, admission=document, roster=None if body.admin else before.roster))
        return document

    # --- roster -------------------------------------------------------------------------------------------------------

    def _take_roster(self, document: Document[Roster]) -> Document[Roster]:
        body = document.body
        _check_members(body)
        now = self._same_network(body.network)
        state = now.agency(body.agency)
        if state is None:
            raise Refused("key_unknown", "The agency has not been admitted.", field="agency")
        if body.author.agency != body.agency:
            raise Refused("role_not_allowed", "Only the agency itself signs its roster.", field="author")
        signing, kem = self._keys_of_roster(body, state)
        self._check_roster_signer(document, state)
        _check_strength(signing)
        self._check_roles(document, state)
        prev = state.roster.sha256 if state.roster else self._last_with_admin(state).sha256
        if body.prev != prev or body.version != state.last_version + 1:
            raise Refused("chain_broken", field="prev", agency=body.agency)
        if body.directory.size < self._positions[prev]:
            raise Refused(
                "chain_broken",
                "The roster relies on a directory before the one it continues.",
                field="directory",
            )
        self._check_unused(signing, kem)
        self._check_epoch(body, state)
        self.check_head(body.directory)
        self._use_keys(signing, kem)
        self._set(replace(state, roster=document, last_version=body.version, last_epoch=body.epoch.n))
        return document

    def _keys_of_roster(self, body: Roster, state: Agency) -> tuple[list[tuple[str, str]], list[str]]:
        """The signing keys and KEM keys that this roster takes into use: those of whoever was not there before."""
        admin = self._last_with_admin(state).body.admin if state.roster is None else None
        known = {(one.id, one.key, one.kem) for one in (*state.members, *([admin] if admin else []))}
        fresh = [one for one in body.members if (one.id, one.key, one.kem) not in known]
        signing, kem = _keys_of(fresh, body.agency)
        if state.epoch is None or body.epoch.kem != state.epoch.kem or body.epoch.n != state.epoch.n:
            kem.append(body.epoch.kem)
        if len(set(kem)) != len(kem):
            raise Refused("malformed", "The same key is named twice.", field="kem")
        return signing, kem

    def _check_roster_signer(self, document: Document[Roster], state: Agency) -> None:
        author = document.body.author.member
        if state.roster is None:
            admin = self._last_with_admin(state).body.admin
            if admin is None or author != admin.id:
                raise Refused("key_unknown", field="author")
            verify(document, unb64(admin.key))
            return
        member = state.member(author)
        if member is None:
            raise Refused("key_unknown", field="author")
        verify(document, unb64(member.key))

    def _check_roles(self, document: Document[Roster], state: Agency) -> None:
        body = document.body
        signer = state.member(body.author.member)
        if signer is not None and not {"administrator", "recovery"} & set(signer.roles):
            raise Refused("role_not_allowed", field="author")
        if any("recovery" in one.roles and len(one.roles) > 1 for one in body.members):
            raise Refused("role_not_allowed", "A recovery kit has no other role.", field="members")
        if not any("administrator" in one.roles for one in body.members):
            raise Refused("role_not_allowed", "An agency has at least one administrator.", field="members")

    def _check_epoch(self, body: Roster, state: Agency) -> None:
        before = state.epoch
        new = before is None or body.epoch.n != before.n
        if new:
            if body.epoch.n != state.last_epoch + 1:
                raise Refused("epoch_stale", "The epochs of an agency are numbered without a gap.", field="epoch.n")
            if instant(body.epoch.renew_by) - instant(body.at) > MAX_EPOCH:
                raise Refused("epoch_stale", "An epoch is renewed within 100 days.", field="epoch.renew_by")
            if instant(body.epoch.renew_by) <= instant(body.at):
                raise Refused("epoch_stale", "An epoch is renewed after it began.", field="epoch.renew_by")
            return
        if body.epoch != before:
            raise Refused("epoch_stale", "An epoch's key and date never change.", field="epoch")
        kept = {(one.id, one.key, one.kem) for one in body.members}
        if any((one.id, one.key, one.kem) not in kept for one in state.members):
            raise Refused(
                "epoch_stale",
                "A roster that drops a member or changes a key has the next epoch.",
                field="epoch",
            )

    def _last_with_admin(self, state: Agency) -> Document[Admission]:
        _, states = self._agencies[state.handle]
        return next(one.admission for one in reversed(states) if one.admission.body.admin is not None)

    # --- keys are used once -------------------------------------------------------------------------------------------

    def _check_unused(self, signing: list[tuple[str, str]], kem: list[str]) -> None:
        """Are these free to be taken into use: a signing key by one holder alone, a KEM key once and never again?"""
        if len({key for key, _ in signing}) != len(signing):
            raise Refused("key_refused", "The same key is named twice.", field="key")
        if any(self._signing_keys.get(key, holder) != holder for key, holder in signing):
            raise Refused("key_refused", "This key is in use by somebody else.", field="key")
        if any(key in self._kem_keys for key in kem):
            raise Refused("key_refused", "This key was used before.", field="kem")

    def _use_keys(self, signing: list[tuple[str, str]], kem: list[str]) -> None:
        self._signing_keys.update(signing)
        self._kem_keys.update(kem)

    # --- small steps --------------------------------------------------------------------------------------------------

    def _same_network(self, network: str) -> View:
        if not self.entries:
            raise Refused("chain_broken", "A directory begins with the network.", field="network")
        if self.id != network:
            raise Refused("chain_broken", "It belongs to another network.", field="network")
        return self.now()

    def _set(self, state: Agency) -> None:
        sizes, states = self._agencies.setdefault(state.handle, ([], []))
        sizes.append(self.size + 1)
        states.append(state)


def _readers(document: Document[Any]) -> Iterable[SealedReader]:
    sealed: Sealed | None = getattr(document.body, "sealed", None)
    return sealed.readers if sealed else ()


def check_founding(body: Network) -> None:
    """Refuse what could not be version 1 of a network whoever signs it (§3)."""
    _check_network(body, None)
    if not body.practice and body.threshold < 2:
        raise Refused(
            "malformed", "With a threshold of 1, any single coordinator could admit a false agency.", field="threshold"
        )
    signing = _keys_of_network(body)
    _check_strength(signing)
    if len({key for key, _ in signing}) != len(signing):
        raise Refused("key_refused", "The same key is named twice.", field="key")


def _keys_of_network(body: Network) -> list[tuple[str, str]]:
    """Every signing key that it names, with the holder."""
    policy = Policy.parse(body.policy)
    coordinators = [(one.key, f"coordinator {one.id}") for one in body.coordinators]
    logs_and_witnesses = (*policy.logs, *policy.witnesses.values())
    return [*coordinators, (body.hub_key, "hub"), *((b64(one.public), f"log {one.name}") for one in logs_and_witnesses)]


def _check_network(body: Network, before: Network | None) -> None:
    if body.min_protocol > PROTOCOL:
        raise Refused("version_unsupported", field="min_protocol")
    policy = Policy.parse(body.policy)
    ids, keys = {one.id for one in body.coordinators}, {one.key for one in body.coordinators}
    if len(ids) != len(body.coordinators) or len(keys) != len(body.coordinators):
        raise Refused("malformed", "The same coordinator or key is named twice.", field="coordinators")
    if body.threshold > len(body.coordinators):
        raise Refused("malformed", "The threshold is larger than the number of coordinators.", field="threshold")
    if not body.practice and body.threshold == len(body.coordinators):
        raise Refused("malformed", "The threshold must be below the number of coordinators.", field="threshold")
    if not body.practice and policy.quorum == "none":
        raise Refused("malformed", "Only a practice network may do without witnesses.", field="policy")
    if before is not None and body.practice != before.practice:
        raise Refused("malformed", "A network stays a practice network, or a real one.", field="practice")


def _check_next_network(body: Network, before: Document[Network] | None) -> None:
    if before is None and (body.version != 1 or body.prev is not None):
        raise Refused("chain_broken", "A directory begins with version 1 of the network.", field="version")
    if before is not None and (body.network, body.version) != (before.body.network, before.body.version + 1):
        raise Refused("chain_broken", field="version")
    if before is not None and body.prev != before.sha256:
        raise Refused("chain_broken", field="prev")


def _check_next_admission(body: Admission, before: Agency | None) -> None:
    version, prev = (before.admission.body.version, before.admission.sha256) if before else (0, None)
    if body.version != version + 1:
        raise Refused("chain_broken", field="version", agency=body.agency)
    if body.prev != prev:
        raise Refused("chain_broken", field="prev", agency=body.agency)


def need(document: Document[Any], network: Network) -> None:
    """The threshold of this network's coordinators has signed; distinct keys are counted."""
    signed = signers(document, (unb64(one.key) for one in network.coordinators))
    if len(signed) < network.threshold:
        raise Refused("threshold_not_met", have=len(signed), need=network.threshold)


def _check_strength(signing: Iterable[tuple[str, str]]) -> None:
    for key, _ in signing:
        check_signing_key(unb64(key))


def _keys_of(members: Iterable[MemberKeys], agency: str) -> tuple[list[tuple[str, str]], list[str]]:
    """The signing keys with their holders, and the KEM keys, of members."""
    members = list(members)
    return [(one.key, f"{agency} {one.id}") for one in members], [one.kem for one in members]


def _check_members(body: Roster) -> None:
    members = body.members
    if len(members) > MAX_MEMBERS:
        raise Refused("limit_exceeded", field="members", most=MAX_MEMBERS)
    if len({one.id for one in members}) != len(members) or len({one.key for one in members}) != len(members):
        raise Refused("malformed", "The same member or key is named twice.", field="members")
