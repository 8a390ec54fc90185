"""What coordinators may ask of a closed period."""

from typing import Any

import graphene

from agencies.access import actor_in
from coordination import looks, publishing
from coordination import statistics as counting
from coordination.suppression import Cell


class StatisticsCell(graphene.ObjectType):
    """How many referrals, or why that is not said."""

    code = graphene.String(required=True, description="What is counted: a code of the vocabulary, a place, a month.")
    value = graphene.Int(description="How many referrals; null where it is not said.")
    why = graphene.String(
        required=True,
        description="`value`; `few`: of fewer than five people, or of none; `withheld`: so that another cannot be "
        "worked out from it.",
    )


class StatisticsTable(graphene.ObjectType):
    """One division of the referrals of a period. Each is in one cell; by service, in each that it asks for."""

    name = graphene.String(
        required=True,
        description="Of a quarter: `month`, `urgency`, `sender_kind`, `recipient_kind`. Of a year: `aimag`, `answer`, "
        "`service`; where what was not taken on can be told apart, `outcome` and, for `service`, these two.",
    )
    cells = graphene.List(
        graphene.NonNull(StatisticsCell), required=True, description="All there are, in the vocabulary's order."
    )


class StatisticsTime(graphene.ObjectType):
    """How long it took, in whole steps from a quarter of an hour to thirty days."""

    urgency = graphene.String(required=True, description="A code of the vocabulary.")
    until = graphene.String(
        required=True,
        description="`answer`: the recipient's first answer; `service`: the service is under way.",
    )
    median = graphene.Int(description="Within how many minutes half had come to it; null where too few had.")
    p90 = graphene.Int(description="Within how many minutes nine of ten had come to it; null where too few had.")


class StatisticsRoom(graphene.ObjectType):
    """What agencies said that they have of a service, when the statistics were made."""

    service = graphene.String(required=True, description="A code of the vocabulary.")
    services = graphene.Int(required=True, description="How many of the agencies' services are this.")
    places = graphene.Int(description="How many they can take at once, where they count it; null where none does.")


class Statistics(graphene.ObjectType):
    """A closed period in numbers that single nobody out. Once made they never change."""

    period = graphene.String(required=True, description="The quarter or year, by Ulaanbaatar's calendar.")
    made_at = graphene.DateTime(required=True, description="When they were made.")
    total = graphene.Field(StatisticsCell, required=True, description="All referrals that came to their recipients.")
    left_out = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="The quarters of a year that are in none of its numbers, since their totals are not shown.",
    )
    tables = graphene.List(graphene.NonNull(StatisticsTable), required=True, description="Its tables.")
    times = graphene.List(
        graphene.NonNull(StatisticsTime), required=True, description="Of a quarter, how long it took; else empty."
    )
    rooms = graphene.List(
        graphene.NonNull(StatisticsRoom),
        required=True,
        description="Of a year, what there is for its demand, by service; else empty.",
    )


class Query(graphene.ObjectType):
    statistics = graphene.Field(
        Statistics,
        required=True,
        description="For coordinators: the numbers of a closed period. It is closed a week after its end.",
        period=graphene.String(description="`2026` or `2026-Q4`; without it, the last quarter that is closed."),
    )

    @staticmethod
    def resolve_statistics(root: object, info: Any, period: str | None = None) -> Statistics:
        actor = actor_in(info, "coordinator")
        asked, found, made_at = publishing.published(period)
        looks.keep(actor, "statistics", len(found.tables), {"period": str(asked)})
        return Statistics(
            period=str(asked),
            made_at=made_at,
            total=_cell("total", found.total),
            left_out=found.left_out,
            tables=[_table(one) for one in found.tables],
            times=[
                StatisticsTime(urgency=one.urgency, until=one.until, median=one.median, p90=one.p90)
                for one in found.times
            ],
            rooms=[
                StatisticsRoom(service=one.service, services=one.services, places=one.places) for one in found.rooms
            ],
        )


def _table(one: counting.Table) -> StatisticsTable:
    return StatisticsTable(name=one.name, cells=[_cell(code, cell) for code, cell in one.cells.items()])


def _cell(code: str, cell: Cell) -> StatisticsCell:
    return StatisticsCell(code=code, value=cell.value, why=cell.why)
