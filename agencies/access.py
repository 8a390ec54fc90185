"""May this actor ask for that? Who may do what in an agency, what a token is good for, and what there is to see.

Queries start here: what is another agency's is not found, just as what is not there.
"""

from typing import Any, Final

from django.db.models import QuerySet

from agencies.models import AgencyKey, Candidate, Invitation, Member
from agencies.signing_in import Actor
from ortoo.protocol import schemas
from ortoo.protocol.errors import Refused

ANY: Final = "any"
WORKERS: Final = ("focal_point", "api")  # who sends, opens and acts (protocol §3)


class NotSignedIn(Exception):
    """The operation is for members who are signed in."""

    code = "not_signed_in"
    message = "Sign in first: send a member's token as `Authorization: Bearer …`."


def actor_in(info: Any, *roles: str, scope: str | None = None) -> Actor:
    """The member who asks: in the roster, in one of these roles if any are named, with a token good for `scope`.

    scope: of signing_in.SCOPES, or ANY; None: for people alone, never for a partner system's token.

    Raises:
        NotSignedIn, Refused: `role_not_allowed`.
    """
    actor = somebody_in(info, scope=scope)
    if not actor.roles:
        raise Refused(
            "role_not_allowed", "You are not confirmed yet: an administrator has to sign you in.", field="role"
        )
    if roles and not actor.roles & set(roles):
        raise Refused("role_not_allowed", f"This is for: {', '.join(roles)}.", field="role")
    return actor


def signatory_in(info: Any) -> Actor:
    """A coordinator: by role, or who has proven one of the keys that the network names. The first coordinators have no
    other way: nobody is admitted before they sign.
    """
    actor = somebody_in(info)
    if "coordinator" not in actor.roles and not actor.signatory:
        raise Refused("role_not_allowed", "This is for: coordinator.", field="role")
    return actor


def somebody_in(info: Any, *, scope: str | None = None) -> Actor:
    """The same for somebody who may still wait to be confirmed: for what concerns oneself alone."""
    actor: Actor | None = info.context.actor
    if actor is None:
        raise NotSignedIn
    if not (actor.session if scope is None else scope == ANY or scope in actor.scopes):
        raise Refused("role_not_allowed", "This token is not good for that.", field="scope")
    return actor


def must_publish(actor: Actor, roster: schemas.Roster) -> None:
    """A roster is handed in by its author, and is that of the author's own agency: of another one nothing is looked up.

    Whose signature counts is the chain's to say.
    """
    if (roster.author.agency, roster.author.member) != (actor.agency, actor.member):
        raise Refused("role_not_allowed", "Only its author publishes a roster.", field="author")
    if roster.agency != actor.agency:
        raise Refused("role_not_allowed", "Only the agency itself signs its roster.", field="author")


# --- what there is to see, of an agency -------------------------------------------------------------------------------


def members_of(agency: str) -> QuerySet[Member]:
    """All who ever enrolled: whether one is in force, the directory says."""
    return Member.objects.filter(agency=agency)


def invitations_of(agency: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(agency=agency)


def candidates_of(agency: str) -> QuerySet[Candidate]:
    """Who waits for an administrator of the agency."""
    return Candidate.objects.filter(member__agency=agency)


def seeds_of(agency: str) -> QuerySet[AgencyKey]:
    """The seeds of the agency's epochs, sealed to its members."""
    return AgencyKey.objects.filter(agency=agency)
