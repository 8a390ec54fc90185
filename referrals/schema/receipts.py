"""The person's receipt: what is asked and done with a code, by somebody without an account."""

from typing import Any

import graphene

from agencies import clock, directory
from agencies.models import Agency
from agencies.scalars import Bytes, Envelope
from agencies.schema.log import ActivityLog, newest_activity
from referrals import receipts
from referrals.schema.logged import Logged, proofs


def _codes(description: str) -> graphene.List:
    return graphene.List(graphene.NonNull(graphene.String), required=True, description=description)


class ReceiptAgency(graphene.ObjectType):
    """An agency, as the person is told of it."""

    handle = graphene.String(required=True, description="The agency's handle.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    phone = graphene.String(required=True, description="Around the clock if there is one, else in its hours; or empty.")


class ReceiptChallenge(graphene.ObjectType):
    """What a code's key signs: good once, for five minutes."""

    challenge = graphene.Field(Bytes, required=True, description="32 bytes.")
    network = graphene.ID(required=True, description="The network's id, from which the key is derived.")
    now = graphene.DateTime(required=True, description="The hub's time.")
    help = graphene.Field(ReceiptAgency, description="An agency that brings the help together, to be called.")


class ReceiptReferral(graphene.ObjectType):
    """A referral that was sent to a holder."""

    state = graphene.String(required=True, description="A code of the vocabulary's states.")
    sent_at = graphene.DateTime(required=True, description="When it was sent.")
    opened_at = graphene.DateTime(description="When it was first opened; null if it was not.")
    answered_at = graphene.DateTime(description="When it was first answered; null if it was not.")
    parts = _codes("The parts that the agency can open now.")
    owes_deletion = graphene.Boolean(required=True, description="It had opened what is gone, and owes its deletion.")
    deleted_at = graphene.DateTime(description="When it signed that its copies are gone.")
    out_of_backups_at = graphene.DateTime(description="When what is gone is out of the hub's backups, too.")


class ReceiptHolder(graphene.ObjectType):
    """What was decided on one agency, or several, and what has become of it."""

    to = graphene.String(required=True, description="An agency, `kind:…`, or `*` for everybody.")
    agency = graphene.Field(ReceiptAgency, description="Null where it is not one agency.")
    sections = _codes("What it may read now.")
    purposes = _codes("For what.")
    until = graphene.DateTime(description="When that ends.")
    refused = _codes("What it may not read; `*`: nothing.")
    ended = graphene.String(description="Why it may read nothing of what was granted: a code of the protocol's errors.")
    basis = graphene.String(description="A code of `consent_bases`; null where nothing was decided.")
    reviewer = graphene.Field(
        ReceiptAgency, description="Who reviews it, where it went without her consent; else null."
    )
    referrals = graphene.List(graphene.NonNull(ReceiptReferral), required=True, description="What was sent to it.")


class ReceiptShown(graphene.ObjectType):
    """What a code shows."""

    mode = graphene.String(required=True, description="`full`, or `withdraw`: it shows nothing, and only takes back.")
    recorder = graphene.Field(ReceiptAgency, required=True, description="The agency before which she decided.")
    holders = graphene.List(graphene.NonNull(ReceiptHolder), description="Null where nothing is shown.")
    documents = graphene.List(
        graphene.NonNull(Envelope),
        required=True,
        description="The newest decisions, and what was taken back with this very code, as signed: for her device to "
        "hold against what is shown, and against the log. None where nothing is shown.",
    )


class ReceiptProof(graphene.ObjectType):
    """That documents are in the activity log, for somebody who brings nothing along to verify it by."""

    networks = graphene.List(
        graphene.NonNull(Envelope),
        required=True,
        description="Each version of the network, from the first: the newest names the log's key and its witnesses.",
    )
    log = graphene.Field(ActivityLog, required=True, description="The newest head that is in force.")
    logged = graphene.List(
        graphene.NonNull(Logged), required=True, description="Where the documents are; others are left out."
    )


class AskReceiptChallenge(graphene.Mutation):
    """A challenge for the key of a person's code to sign."""

    Output = graphene.NonNull(ReceiptChallenge)

    @staticmethod
    def mutate(root: object, info: Any) -> ReceiptChallenge:
        given = receipts.challenge(info.context.address)
        helps = receipts.whom_to_call()
        return ReceiptChallenge(
            challenge=given,
            network=directory.in_force().id,
            now=clock.now(),
            help=_agency(helps) if helps is not None else None,
        )


class LookWithReceipt(graphene.Mutation):
    """Who can read what, for what purpose, until when. Nothing is kept of it."""

    class Arguments:
        receipt = Envelope(required=True, description="The document `receipt`, signed by the code's own key.")

    Output = graphene.NonNull(ReceiptShown)

    @staticmethod
    def mutate(root: object, info: Any, receipt: str) -> ReceiptShown:
        return _shown(receipts.look(receipt, info.context.address))


class WithdrawWithReceipt(graphene.Mutation):
    """Take back, at once and for good. Gives what is left; said again, it changes nothing more."""

    class Arguments:
        receipt = Envelope(required=True, description="The document `receipt`, signed by the code's own key.")

    Output = graphene.NonNull(ReceiptShown)

    @staticmethod
    def mutate(root: object, info: Any, receipt: str) -> ReceiptShown:
        return _shown(receipts.withdraw(receipt, info.context.address))


class ProveWithReceipt(graphene.Mutation):
    """That decisions, and what was taken back with this very code, are in the activity log. Nothing is kept of it."""

    class Arguments:
        receipt = Envelope(required=True, description="The document `receipt`, signed by the code's own key: a look.")
        after = graphene.Int(required=True, description="The size of the newest head that the asker has, or 0.")
        documents = graphene.List(
            graphene.NonNull(Bytes),
            required=True,
            description=f"H of each document, at most {receipts.MOST_DOCUMENTS}.",
        )

    Output = graphene.NonNull(ReceiptProof)

    @staticmethod
    def mutate(root: object, info: Any, receipt: str, after: int, documents: list[bytes]) -> ReceiptProof:
        known = receipts.known_to(receipt, documents, info.context.address)
        newest = newest_activity(after)
        logged = proofs(known, newest.checkpoint.size) if newest.checkpoint is not None else []
        return ReceiptProof(networks=directory.in_force().networks, log=newest, logged=logged)


def _shown(shown: receipts.Shown) -> ReceiptShown:
    holders = [_holder(one) for one in shown.holders] if shown.holders is not None else None
    return ReceiptShown(
        mode=shown.mode,
        recorder=_agency(shown.recorder),
        holders=holders,
        documents=shown.documents,
    )


def _holder(one: receipts.Holder) -> ReceiptHolder:
    return ReceiptHolder(
        to=one.to,
        agency=_agency(one.agency) if one.agency is not None else None,
        sections=one.sections,
        purposes=one.purposes,
        until=one.until,
        refused=one.refused,
        ended=one.ended,
        basis=one.basis,
        reviewer=_agency(one.reviewer) if one.reviewer is not None else None,
        referrals=[
            ReceiptReferral(
                state=sent.state,
                sent_at=sent.at,
                opened_at=sent.opened_at,
                answered_at=sent.answered_at,
                parts=sent.parts,
                owes_deletion=sent.owes_deletion,
                deleted_at=sent.deleted_at,
                out_of_backups_at=sent.out_of_backups_at,
            )
            for sent in one.sent
        ],
    )


def _agency(row: Agency) -> ReceiptAgency:
    return ReceiptAgency(handle=row.handle, name=row.name_mn, name_en=row.name_en, phone=row.duty_phone or row.phone)


class Mutation(graphene.ObjectType):
    receipt_challenge = AskReceiptChallenge.Field()
    look_with_receipt = LookWithReceipt.Field()
    withdraw_with_receipt = WithdrawWithReceipt.Field()
    prove_with_receipt = ProveWithReceipt.Field()
