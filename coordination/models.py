from django.db import models

from agencies.models import Agency
from referrals.models import Referral


class Look(models.Model):
    """That a coordinator looked at what passes between agencies: who, at what of it, when, and how many rows it was."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    member = models.UUIDField()
    what = models.CharField(max_length=16)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    wanted = models.JSONField()  # the filter: what was given of it
    count = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="looks_newest_first")]


class Export(models.Model):
    """What the hub signed and logged of an export: on the file's hash. The file itself is not kept."""

    id = models.UUIDField(primary_key=True, editable=False)
    look = models.OneToOneField(Look, on_delete=models.PROTECT, related_name="export")
    sha256 = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()


class Publication(models.Model):
    """The tables of a period as they were first made. They never change: what is made anew could be subtracted."""

    period = models.CharField(max_length=7, primary_key=True)  # 2026, 2026-Q4
    tables = models.JSONField()  # as coordination/publishing.py writes it: what is shown, and nothing else
    made_at = models.DateTimeField()
