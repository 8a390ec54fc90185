"""The mail of a hub, in processes that a test may kill: `mailing.py`, on the store of the environment.

In: a command a line. Out: what it has done, a line each.

members     everybody in the practice network has a confirmed address, <handle>@members.test   members COUNT
tell        every agency is told something, as a step would tell it                            told COUNT
work        a worker begins, until it is killed                                                working PID
open        how many messages and mails are not sent yet                                       open COUNT

Each command is a process of its own, forked from one that never uses the database.
"""

import os
import signal
import sys
import threading

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
django.setup()

from django.db import transaction  # noqa: E402 - Django must be set up first
from django.utils import timezone  # noqa: E402

from agencies import clock, directory  # noqa: E402
from agencies.models import Member  # noqa: E402
from hub import working  # noqa: E402
from notifications import feed  # noqa: E402
from notifications.models import Mail, Message, Preference  # noqa: E402
from ortoo.protocol.documents import new_id  # noqa: E402


def members() -> str:
    handles = dict(Member.objects.values_list("id", "handle"))
    rows = [
        Preference(
            member_id=one.id,
            agency_id=agency.handle,
            address=f"{handles[id]}@members.test",
            confirmed_at=timezone.now(),
            language="mn",
            urgencies=["immediate", "standard"],
            working_hours=False,
        )
        for agency in directory.in_force().now().agencies()
        for one in agency.members
        if "focal_point" in one.roles
        for id in handles
        if str(id) == one.id
    ]
    Preference.objects.bulk_create(rows)
    return f"members {len(rows)}"


def tell() -> str:
    before = Message.objects.count()
    agencies = [one.handle for one in directory.in_force().now().agencies()]
    for place in range(0, len(agencies), 8):
        with transaction.atomic():
            news = [
                feed.Told(one, "message", new_id(), new_id(), urgency="immediate")
                for one in agencies[place : place + 8]
            ]
            feed.tell(news, at=clock.now())
    return f"told {Message.objects.count() - before}"


def work() -> str:
    print(f"working {os.getpid()}", flush=True)
    working.work_until(threading.Event())
    return "ended"


def open_() -> str:
    waiting = Message.objects.filter(mail=None).count() + Message.objects.filter(mail__sent_at=None).count()
    return f"open {waiting + Mail.objects.filter(sent_at=None).count()}"


COMMANDS = {"members": members, "tell": tell, "work": work, "open": open_}

if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed leaves nothing behind
    for line in sys.stdin:
        if os.fork() == 0:
            print(COMMANDS[line.strip()](), flush=True)
            os._exit(0)
