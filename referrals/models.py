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


class File(models.Model):
    """A sealed file, in pieces in the storage (referrals/files.py). It belongs to nothing, and runs out, until a
    document names its hash.

    sha256, size: of the sealed bytes, as the uploader says; `whole` once they were found to be so.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")  # whose member hands it in
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField()
    received = models.PositiveIntegerField(default=0)  # bytes, from the beginning
    whole = models.BooleanField(default=False)
    set = models.ForeignKey(SealedSet, on_delete=models.PROTECT, null=True, related_name="files")
    part = models.CharField(max_length=80, default="")
    changed_at = models.DateTimeField()  # by the machine's clock

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "sha256"], name="one_upload_a_file"),
            models.UniqueConstraint(fields=["set", "part"], name="one_file_a_part"),
        ]
        indexes = [
            models.Index(fields=["changed_at"], condition=models.Q(set__isnull=True), name="uploads_that_run_out"),
        ]


class Piece(models.Model):
    """An object in the storage. Its row is there before it and until after it, so that none is ever forgotten."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, null=True, related_name="pieces")
    number = models.PositiveSmallIntegerField(null=True)  # 0, 1, 2 …
    name = models.CharField(max_length=40, unique=True)  # random: it says nothing
    remove_at = models.DateTimeField(null=True)  # when nobody wants it any more; null while somebody does

    class Meta:
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_piece_a_place")]
        indexes = [
            models.Index(fields=["remove_at"], condition=models.Q(remove_at__isnull=False), name="pieces_to_remove"),
        ]


class Consent(models.Model):
    """All decisions taken together. Its row is what sending, opening and new versions lock."""

    id = models.UUIDField(primary_key=True, editable=False)
    recorder = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    # Since when a reviewer's `overturned` takes back all of it (protocol §7); null where none did.
    overturned_at = models.DateTimeField(null=True)


class ReceiptKey(models.Model):
    """The public key of a person's code (protocol §8), by which it is found. The code itself is never here."""

    key = models.BinaryField(max_length=32, unique=True)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="receipt_keys")
    mode = models.CharField(max_length=16)  # full, withdraw
    replaced = models.BooleanField(default=False)  # by another one, or by none: it can withdraw still, and never look

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consent"], condition=models.Q(replaced=False), name="one_receipt_key_a_consent"
            )
        ]


class Withdrawal(models.Model):
    """What the person took back with her code, as the code's own key signed it. It stays (protocol §8)."""

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="withdrawals")
    sha256 = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    accepted_at = models.DateTimeField()


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
    ends_at = models.DateTimeField(null=True)  # when what it grants is to be destroyed; null once it was, or never
    # How it was given, sealed to the recorder alone; and until when that is kept at least: null once it is gone.
    sealed = models.OneToOneField(SealedSet, on_delete=models.PROTECT, null=True, related_name="decision")
    evidence_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consent", "to", "version"], name="one_decision_a_version"),
            models.UniqueConstraint(
                fields=["consent", "to"], condition=models.Q(newest=True), name="one_newest_decision"
            ),
        ]
        indexes = [
            models.Index(fields=["warn_at"], condition=models.Q(warn_at__isnull=False), name="decisions_to_warn_of"),
            models.Index(fields=["ends_at"], condition=models.Q(ends_at__isnull=False), name="decisions_to_end"),
            models.Index(
                fields=["evidence_until"],
                condition=models.Q(evidence_until__isnull=False),
                name="evidence_to_let_go",
            ),
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
    basis = models.CharField(max_length=64)  # of the decision under which it was sent
    sha256 = models.BinaryField(max_length=32, unique=True)
    envelope = models.TextField()
    sealed = models.OneToOneField(SealedSet, on_delete=models.PROTECT, related_name="referral")
    # What it was made from, where its sender had been sent that and passes it on; null otherwise, in a re-send too.
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    # Who reviews it, where it goes without consent; and whether that agency gives the second signature, too.
    reviewer = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+")
    seconded_by_reviewer = models.BooleanField(default=False)
    sent_at = models.DateTimeField()
    # Since when its recipient (and its reviewer) sees it; null while it waits for the second signature.
    delivered_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    # Since when the recipient, which had opened it and lost its access, owes its signed `deleted`; null where it owes
    # none. The clock of it: referrals/clocks.py.
    deletion_owed_since = models.DateTimeField(null=True)
    # When nobody reads it any more, its sender neither: so long after it ended as the person was told. Null while it
    # has not ended, and once it is empty.
    empties_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["deletion_owed_since"],
                condition=models.Q(deletion_owed_since__isnull=False),
                name="deletions_owed",
            ),
            models.Index(fields=["empties_at"], condition=models.Q(empties_at__isnull=False), name="to_be_emptied"),
            models.Index(
                fields=["-delivered_at", "-id"],
                condition=models.Q(delivered_at__isnull=False),
                name="passed_newest_first",
            ),
        ]


class AskedService(models.Model):
    """A service that a referral asks for, by which lists are filtered the same in every database."""

    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="asked", db_index=False)
    service = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["referral", "service"], name="one_row_a_service")]


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


class ListHead(models.Model):
    """How often an agency's inbox and outbox have changed their order. Its row lock makes the versions gap-free: who
    has read `version` sees all places up to it. Made with the agency (referrals/apps.py).
    """

    agency = models.OneToOneField(Agency, on_delete=models.CASCADE, primary_key=True, related_name="+")
    version = models.PositiveBigIntegerField(default=0)
    forgotten = models.PositiveBigIntegerField(default=0)  # no order older than this version is whole any more


class Standing(models.Model):
    """The place of a referral in an agency's list from one version of the list to another (referrals/standing.py).

    Lists are in the order of tier, key, referral. What moves gets a new row, so that whoever walks through the list
    page by page goes on in the order that it had at the beginning.
    """

    INBOX, OUTBOX = "inbox", "outbox"
    CLOCK, OURS, WAITING, REST = range(4)  # tiers

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    box = models.CharField(max_length=6)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="standings", db_index=False)
    tier = models.PositiveSmallIntegerField()
    key = models.BigIntegerField()  # microseconds
    due_at = models.DateTimeField(null=True)  # of the most pressing clock
    ends_at = models.DateTimeField(null=True)  # when it leaves the tier by itself
    entered = models.PositiveBigIntegerField()  # with this version of the list
    left = models.PositiveBigIntegerField(null=True)
    left_at = models.DateTimeField(null=True)  # by the machine's clock

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["referral", "box"], condition=models.Q(left__isnull=True), name="one_place_a_box"
            )
        ]
        indexes = [
            models.Index(fields=["agency", "box", "tier", "key", "referral"], name="lists_in_order"),
            models.Index(
                fields=["agency", "box", "tier", "key"],
                condition=models.Q(left__isnull=True, tier__lt=3),
                name="what_is_not_settled",
            ),
            models.Index(fields=["ends_at"], condition=models.Q(ends_at__isnull=False), name="places_that_end"),
            models.Index(fields=["left_at"], condition=models.Q(left_at__isnull=False), name="places_left"),
        ]


class TrailEntry(models.Model):
    """Something that happened on a referral of an agency: who, what, when; no content. One for each of both agencies,
    so that each has a trail of its own.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    referral = models.ForeignKey(Referral, on_delete=models.CASCADE, related_name="+")
    counterpart = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)
    member = models.UUIDField()
    type = models.CharField(max_length=64)  # `referral_sent`, or the step's
    reason = models.CharField(max_length=64, null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["agency", "-at", "-id"], name="trail_newest_first"),
            models.Index(fields=["-at", "-id"], condition=models.Q(type="opened"), name="openings_newest_first"),
        ]
