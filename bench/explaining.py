"""How PostgreSQL reads lists: each query of a page on the store of the environment, explained while it runs.

In: {"token": …}. Out: [{"name", "ms", "indexes": […]}, …].
"""

import json
import os
import sys
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first
from django.test.utils import CaptureQueriesContext  # noqa: E402

from agencies import clock, signing_in  # noqa: E402
from agencies.signing_in import Actor  # noqa: E402
from referrals import cursors, pages  # noqa: E402
from referrals.models import ListHead, Standing  # noqa: E402
from referrals.pages import Filter  # noqa: E402

LISTS = ("referrals_standing", "referrals_listhead")
FILTERS = {
    "needs somebody first": Filter(),
    "state: sent (the newest 50)": Filter(state="sent"),
    "state: more_asked (each 20th)": Filter(state="more_asked"),
    "urgency: standard (none)": Filter(urgency="standard"),
    "service: documents (none)": Filter(need="documents"),
    "service: shelter (half)": Filter(need="shelter"),
    "place: MN-063 (none)": Filter(place="MN-063"),
    "place: MN-035 (each 5th)": Filter(place="MN-035"),
    "overdue (none)": Filter(overdue=True),
}


def explained(actor: Actor, name: str, wanted: Filter, after: str | None, counted: bool) -> dict[str, Any]:
    with CaptureQueriesContext(connection) as captured:
        pages.page(actor, Standing.INBOX, wanted, first=50, after=after, counted=counted)
    spent, indexes = 0.0, set()
    for query in captured.captured_queries:
        if not any(table in query["sql"] for table in LISTS):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}".replace("%", "%%"), [])
            (plan,) = cursor.fetchone()[0]
        spent += plan["Execution Time"]
        indexes |= set(_indexes(plan["Plan"]))
    return {"name": name, "ms": spent, "indexes": sorted(indexes)}


def _indexes(plan: dict[str, Any]) -> list[str]:
    own = [plan["Index Name"]] if "Index Name" in plan else []
    own += [f"all of {plan['Relation Name']}"] if plan["Node Type"] == "Seq Scan" else []
    return own + [one for part in plan.get("Plans", ()) for one in _indexes(part)]


def _in_the_middle(actor: Actor) -> str:
    """A cursor half way down the list."""
    rows = Standing.objects.filter(agency=actor.agency, box=Standing.INBOX, tier=Standing.REST)
    middle = rows.order_by("key")[rows.count() // 2]
    kind = cursors.list_of(actor.agency, Standing.INBOX, *vars(Filter()).values())
    version, at = ListHead.objects.get(agency=actor.agency).version, cursors.micros(clock.now())
    return cursors.write(kind, version, at, middle.tier, middle.key, middle.referral_id)


def main() -> None:
    actor = signing_in.actor_of(json.load(sys.stdin)["token"])
    assert actor is not None
    told = [explained(actor, name, wanted, None, False) for name, wanted in FILTERS.items()]
    told.append(explained(actor, "half way down", Filter(), _in_the_middle(actor), False))
    told.append(explained(actor, "first page with its counts", Filter(), None, True))
    json.dump(told, sys.stdout)


main()
