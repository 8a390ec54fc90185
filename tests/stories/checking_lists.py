"""Puts every referral of the store of the environment where it belongs, anew, and says which stand elsewhere.

Out: a JSON list of what differs; empty where all is as it should be.
"""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
django.setup()

from agencies import clock  # noqa: E402 - Django must be set up first
from referrals import standing  # noqa: E402
from referrals.models import Referral, Standing  # noqa: E402

everything = list(Referral.objects.all())
expected = {
    (str(id), box, place.tier, place.key, str(place.due_at), str(place.ends_at))
    for (id, box), place in standing.places_of(everything, clock.now()).items()
}
kept = {
    (str(row.referral_id), row.box, row.tier, row.key, str(row.due_at), str(row.ends_at))
    for row in Standing.objects.filter(left=None)
}
json.dump(sorted(expected ^ kept), sys.stdout)
