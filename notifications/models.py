from django.db import models

from agencies.models import Agency


class FeedHead(models.Model):
    """The sequence of an agency's newest feed entry. Its row lock is what makes the sequence gap-free."""

    agency = models.OneToOneField(Agency, on_delete=models.PROTECT, primary_key=True, related_name="feed_head")
    sequence = models.PositiveBigIntegerField(default=0)


class FeedEntry(models.Model):
    """One thing that an agency has to be told: content-free, numbered 1, 2, 3 … without a gap."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="feed")
    sequence = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=64)
    referral = models.UUIDField(null=True)
    event = models.UUIDField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "sequence"], name="gap_free_feed")]
