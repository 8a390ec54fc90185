"""`python -m bench.counting [--referrals 50000]`: a year's statistics on an SQLite of its own, beside a plain GROUP BY.

Rows as the hub has them, without their envelopes; one person in four was referred twice.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

SERVICES: Final = ("shelter", "medical", "legal_aid", "psychosocial", "documents")
PLACES: Final = ("MN-053", "MN-063", "MN-035", "MN-1", "MN-071")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--referrals", type=int, default=50_000)
    wanted = parser.parse_args().referrals
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATABASE_URL": f"sqlite:///{Path(folder) / 'hub.sqlite3'}", "ORTOO_PRACTICE_DIR": folder}
        os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        child = os.fork()  # what filling takes is not counted
        if not child:
            fill(wanted)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        before, began = peak(), time.perf_counter()
        plain()
        print(f"plain GROUP BY   {time.perf_counter() - began:6.2f} s  {peak() - before:5.0f} MB more")
        before, began = peak(), time.perf_counter()
        published()
        print(f"the year         {time.perf_counter() - began:6.2f} s  {peak() - before:5.0f} MB more")
        began = time.perf_counter()
        published()
        print(f"asked again      {time.perf_counter() - began:6.4f} s")


def fill(wanted: int) -> None:
    from agencies.models import Agency
    from coordination.statistics import Period
    from ortoo.protocol import vocabulary
    from ortoo.protocol.documents import new_id
    from referrals.models import AskedService, Consent, Event, Referral, SealedSet

    random.seed(7)
    kinds = list(vocabulary.terms("agency_kinds"))
    agencies = [Agency(handle=f"a{at}", kind=kinds[at % len(kinds)], name_en="", name_mn="") for at in range(60)]
    for one in agencies:
        one.save()
    begins = Period(2024, None).begins_at
    consents = [Consent(id=new_id(), recorder=random.choice(agencies)) for _ in range(wanted * 4 // 5)]
    Consent.objects.bulk_create(consents, batch_size=500)
    sets = SealedSet.objects.bulk_create([SealedSet() for _ in range(wanted)], batch_size=500)
    referrals, events = [], []
    for at in range(wanted):
        sent = begins + timedelta(seconds=random.random() * 366 * 86_400)
        sender, recipient = random.sample(agencies, 2)
        one = Referral(
            id=new_id(),
            sender=sender,
            recipient=recipient,
            consent=consents[at % len(consents)],
            state="accepted",
            urgency=random.choice(("immediate", "urgent", "standard")),
            services=random.sample(SERVICES, random.choice((1, 2))),
            place=random.choice(PLACES),
            language="mn",
            minor=False,
            sha256=random.randbytes(32),
            envelope="",
            sealed=sets[at],
            sent_at=sent,
            delivered_at=sent,
            changed_at=sent,
        )
        referrals.append(one)
        for place, type in enumerate(("acknowledged", random.choice(("accepted", "declined"))), 1):
            reason = "no_capacity" if type == "declined" else None
            later = sent + timedelta(minutes=random.expovariate(1 / 90) * place)
            events.append(
                Event(
                    id=new_id(),
                    referral=one,
                    agency=recipient,
                    place=place,
                    type=type,
                    reason=reason,
                    prev=random.randbytes(32),
                    sha256=random.randbytes(32),
                    envelope="",
                    accepted_at=later,
                )
            )
    Referral.objects.bulk_create(referrals, batch_size=500)
    Event.objects.bulk_create(events, batch_size=500)
    asked = [AskedService(referral=one, service=service) for one in referrals for service in one.services]
    AskedService.objects.bulk_create(asked, batch_size=500)


def plain() -> None:
    from django.db.models import Count
    from django.db.models.functions import TruncMonth

    from referrals.models import AskedService, Event, Referral

    for field in ("urgency", "place", "sender__kind", "recipient__kind"):
        list(Referral.objects.values(field).annotate(number=Count("pk")))
    list(Referral.objects.annotate(month=TruncMonth("delivered_at")).values("month").annotate(number=Count("pk")))
    list(Event.objects.values("type", "reason").annotate(number=Count("pk")))
    list(AskedService.objects.values("service").annotate(number=Count("pk")))


def published() -> None:
    from coordination import publishing

    _, found, _ = publishing.published("2024")
    assert found.total.value, found.total


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
