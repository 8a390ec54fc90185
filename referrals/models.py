from django.db import models

from agencies.models import Agency


class SealedSet(models.Model):
    """The blobs beside one document, which can be destroyed while the document still verifies (protocol §5)."""


class Part(models.Model):
    """A sealed text."""

    set = models.ForeignKey(SealedSet, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=80)
    ciphertext = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["set", "name"], name="one_part_a_name")]


class Wrap(models.Model):
    """A reader's key, sealed to the key of that agency's epoch: 1,168 bytes."""

    set = models.ForeignKey(SealedSet, on_delete=models.CASCADE, related_name="wraps")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    epoch = models.PositiveIntegerField()
    wrap = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["set", "agency"], name="one_wrap_a_reader")]
        indexes = [models.Index(fields=["agency", "epoch"], name="wraps_of_an_epoch")]


class PartKey(models.Model):
    """A part's key under a reader's key: 104 bytes. Each can be destroyed alone."""

    set = models.ForeignKey(SealedSet, on_delete=models.CASCADE, related_name="keys")
    part = models.CharField(max_length=80)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    key = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["set", "part", "agency"], name="one_key_a_part_and_reader")]


class Consent(models.Model):
    """All decisions taken together. Its row is what sending, opening and new versions lock."""

    id = models.UUIDField(primary_key=True, editable=False)
    recorder = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")


class Decision(models.Model):
    """A version of what the person decided about one addressee, as it was signed."""

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="decisions")
    to = models.CharField(max_length=70)  # an agency, kind:…, or *
    version = models.PositiveIntegerField()
    newest = models.BooleanField(default=True)
    author = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    sha256 = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    accepted_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)  # when the recorder is to be warned that it ends; null once it was
    warned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consent", "to", "version"], name="one_decision_a_version"),
            models.UniqueConstraint(
                fields=["consent", "to"], condition=models.Q(newest=True), name="one_newest_decision"
            ),
        ]
        indexes = [
            models.Index(fields=["warn_at"], condition=models.Q(warn_at__isnull=False), name="decisions_to_warn_of"),
        ]


class Referral(models.Model):
    """A referral as it was signed, and where it stands."""

    id = models.UUIDField(primary_key=True, editable=False)
    sender = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="outbox")
    recipient = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="inbox")
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="referrals")
    state = models.CharField(max_length=64)
    steps = models.PositiveIntegerField(default=0)  # how many events brought it there: what is read fits together
    urgency = models.CharField(max_length=64)
    services = models.JSONField()
    place = models.CharField(max_length=64)
    language = models.CharField(max_length=64)
    minor = models.BooleanField()
    sha256 = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    sealed = models.OneToOneField(SealedSet, on_delete=models.PROTECT, related_name="referral")
    sent_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    # Since when the recipient, which had opened it and lost its access, owes its signed `deleted`; null where it owes
    # none. The clock of it: referrals/clocks.py.
    deletion_owed_since = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["deletion_owed_since"],
                condition=models.Q(deletion_owed_since__isnull=False),
                name="deletions_owed",
            ),
            models.Index(fields=["sender", "-sent_at", "-id"], name="outbox_newest_first"),
            models.Index(fields=["recipient", "-sent_at", "-id"], name="inbox_newest_first"),
        ]


class Clock(models.Model):
    """Something that an agency owes on a referral until `due_at` (referrals/clocks.py). Gone when it was done.

    next_at: when it has to be looked at; null once it has run out, and is still owed.
    """

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="clocks")
    kind = models.CharField(max_length=16)
    owes = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    due_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, db_index=True)
    reminded_at = models.DateTimeField(null=True)
    fired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["referral", "kind"], name="one_clock_a_kind")]


class Watch(models.Model):
    """When it was last looked at what has run out, by the machine's clock: a hub that was down knows it by that."""

    looked_at = models.DateTimeField()


class Event(models.Model):
    """A signed step. Each agency's events on a referral are one chain: `prev` is used once."""

    id = models.UUIDField(primary_key=True, editable=False)
    referral = models.ForeignKey(Referral, on_delete=models.PROTECT, related_name="events")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()  # in the order of acceptance on this referral, from 1
    type = models.CharField(max_length=64)
    reason = models.CharField(max_length=64, null=True)
    prev = models.BinaryField(max_length=32)
    sha256 = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    sealed = models.OneToOneField(SealedSet, on_delete=models.PROTECT, null=True, related_name="event")
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["referral", "place"], name="one_event_a_place"),
            models.UniqueConstraint(fields=["referral", "agency", "prev"], name="one_chain_an_agency"),
        ]
