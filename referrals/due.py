"""Whether anything has run out: one question each second, so that a hub on which nothing happens sleeps.

Whoever looks then (`firing`, `ending`) looks for himself. Nothing rests on this: each `LOOKED_WITHIN` they do anyway.
"""

from typing import Final

from django.db import connection
from django.utils import timezone

from agencies import clock
from referrals.firing import LOOKED_WITHIN

_ANYTHING: Final = """
SELECT NOT EXISTS (SELECT 1 FROM referrals_watch WHERE looked_at >= %(lately)s)
    OR EXISTS (SELECT 1 FROM referrals_clock WHERE next_at <= %(now)s)
    OR EXISTS (SELECT 1 FROM referrals_decision WHERE newest AND warn_at <= %(now)s)
    OR EXISTS (SELECT 1 FROM referrals_decision WHERE newest AND ends_at <= %(now)s)
    OR EXISTS (SELECT 1 FROM referrals_decision WHERE evidence_until <= %(now)s)
    OR EXISTS (SELECT 1 FROM referrals_referral WHERE empties_at <= %(now)s)
"""


def anything() -> bool:
    moments = {"now": clock.now(), "lately": timezone.now() - LOOKED_WITHIN}
    adapted = {name: connection.ops.adapt_datetimefield_value(moment) for name, moment in moments.items()}
    with connection.cursor() as cursor:
        cursor.execute(_ANYTHING, adapted)
        (found,) = cursor.fetchone()
        return bool(found)
