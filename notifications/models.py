from django.db import models

from agencies.models import Agency, Member


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


# --- e-mail -----------------------------------------------------------------------------------------------------------


class Preference(models.Model):
    """Where and when a member is told by e-mail. The member alone sees it. Only a confirmed address is written to."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="notifications")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    address = models.CharField(max_length=254)  # empty: no e-mail
    confirmed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)  # its mail server said for good that there is no such mailbox
    asked = models.UUIDField(null=True)  # the mail whose code confirms the address
    asked_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=2)
    urgencies = models.JSONField()  # codes of the vocabulary's urgency
    working_hours = models.BooleanField()  # only while the agency is open
    digest_hour = models.PositiveSmallIntegerField(null=True)  # once a day, at this hour in Ulaanbaatar

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(digest_hour=None) | models.Q(digest_hour__lt=24), name="an_hour"),
        ]


class Mail(models.Model):
    """One e-mail to one member. Its id is the Message-ID, in each repetition the same."""

    class Kind(models.TextChoices):
        NEWS = "news"
        CODE = "code"  # to an address that is to be confirmed

    id = models.UUIDField(primary_key=True, editable=False)
    to = models.ForeignKey(Preference, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=4, choices=Kind.choices)
    urgent = models.BooleanField()
    made_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    may_have_arrived = models.BooleanField(default=False)  # a try ended without a clear answer: nothing joins it now
    sent_at = models.DateTimeField(null=True)  # the mail server has taken it
    failed_at = models.DateTimeField(null=True)  # for good

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["to"], condition=models.Q(sent_at=None, failed_at=None), name="one_mail_on_its_way"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(sent_at=None, failed_at=None), name="mails_on_their_way"
            )
        ]


class Message(models.Model):
    """Something that a member is to be told of: written with the event, joined with all that waits into one mail."""

    to = models.ForeignKey(Preference, on_delete=models.CASCADE, related_name="messages")
    referral = models.UUIDField(null=True)
    urgent = models.BooleanField()
    send_after = models.DateTimeField()
    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, null=True, related_name="messages")

    class Meta:
        indexes = [
            models.Index(fields=["send_after"], condition=models.Q(mail=None), name="messages_that_wait"),
            models.Index(fields=["referral"], name="messages_of_a_referral"),
        ]


class Reaching(models.Model):
    """A new referral, until it is known whether anybody of its recipient could be told of it (reaching.py)."""

    referral = models.UUIDField(primary_key=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    sender = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    urgency = models.CharField(max_length=64)
    since = models.DateTimeField()  # by the machine's clock, as the use of tokens
    look_at = models.DateTimeField(db_index=True)
