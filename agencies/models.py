from django.db import models


class Agency(models.Model):
    """An admitted agency. What the directory says of it is the directory's; here it is for lists and foreign keys."""

    handle = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=64)
    name_en = models.CharField(max_length=200)
    name_mn = models.CharField(max_length=200)
    receiving = models.BooleanField(default=True)  # the agency's own switch: takes referrals now
    place = models.CharField(max_length=64, default="")  # where it is
    phone = models.CharField(max_length=40, default="")
    duty_phone = models.CharField(max_length=40, default="")  # answers around the clock
    email = models.CharField(max_length=254, default="")


class Service(models.Model):
    """What an agency gives, to whom, where and when; kept by its own members (agencies/services.py)."""

    id = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="services")
    code = models.CharField(max_length=64)  # of the vocabulary's services
    name_en = models.CharField(max_length=200)
    name_mn = models.CharField(max_length=200)
    places = models.JSONField()  # codes that it serves, what lies in them included
    schedule = models.JSONField()  # as ortoo.hours.Schedule.parse reads it
    exceptions = models.JSONField()
    open_on_holidays = models.BooleanField()
    languages = models.JSONField()
    min_age = models.PositiveSmallIntegerField(null=True)  # years, both inclusive
    max_age = models.PositiveSmallIntegerField(null=True)
    genders = models.JSONField()  # codes of HTCDS; none: all
    dependants = models.BooleanField()  # takes children and others along
    capacity = models.PositiveIntegerField(null=True)  # null: not counted
    taken = models.PositiveIntegerField()
    accepting = models.BooleanField(default=True)
    full_until = models.DateTimeField(null=True)  # undoes itself
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["code"], name="services_of_a_code")]
        constraints = [
            models.CheckConstraint(condition=models.Q(min_age__lte=models.F("max_age")), name="ages_in_order"),
            models.CheckConstraint(
                condition=models.Q(capacity__isnull=False) | models.Q(taken=0), name="taken_of_what_is_counted"
            ),
        ]


class Member(models.Model):
    """A member's name and handle, which the directory never holds. Keys and roles are the directory's."""

    id = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="members")  # null: it applies
    handle = models.CharField(max_length=80, unique=True)
    name_en = models.CharField(max_length=200)
    name_mn = models.CharField(max_length=200)


class KemKey(models.Model):
    """A public KEM key of 1,216 bytes, by the hash that documents name."""

    sha256 = models.CharField(max_length=43, primary_key=True)
    key = models.BinaryField()


class AgencyKey(models.Model):
    """An epoch's seed, sealed to one member (protocol §4)."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="keys")
    epoch = models.PositiveIntegerField()
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="agency_keys")
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["agency", "epoch", "member"], name="one_seed_a_member")]


class Token(models.Model):
    """A bearer token of a member: SHA-256 of its 256 random bits, never itself.

    A `session` is a person who signed in; an `api` token is a partner system's, with scopes; a `practice` one is the
    practice network's, where there are no secrets.
    """

    class Kind(models.TextChoices):
        SESSION = "session"
        API = "api"
        PRACTICE = "practice"

    hash = models.BinaryField(max_length=32, primary_key=True)
    id = models.UUIDField(unique=True, editable=False)  # by which it is listed and ended
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tokens")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)  # the device's, or the partner system's
    scopes = models.JSONField(default=list)  # of an `api` token: codes of agencies.access.SCOPES
    signatory = models.CharField(max_length=43, default="")  # the coordinator's key that its holder has proven
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField()  # to five minutes
    revoked_at = models.DateTimeField(null=True)


class PracticeClock(models.Model):
    """How many seconds a practice network is ahead of the machine's clock. One row."""

    ahead = models.PositiveBigIntegerField(default=0)


# --- signing in -------------------------------------------------------------------------------------------------------


class Account(models.Model):
    """How a person signs in (protocol §4). The hub has the hash of what the client stretched, and sealed bytes."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="account")
    login = models.CharField(max_length=80, unique=True)  # NFKC, lower case
    auth = models.BinaryField(max_length=32)  # SHA-256 of `auth`
    keyring = models.BinaryField()
    keyring_version = models.PositiveIntegerField()
    totp = models.BinaryField(null=True)  # the secret, sealed under the hub's secret key
    totp_step = models.BigIntegerField(default=0)  # the last step that was accepted: each code is good once


class Unlock(models.Model):
    """A way to open the keyring: KK, sealed under what the passphrase, a recovery code or a passkey gives."""

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="unlocks")
    method = models.CharField(max_length=16)
    sealed = models.BinaryField()
    passkey = models.ForeignKey("Passkey", on_delete=models.CASCADE, null=True, related_name="unlocks")


class Passkey(models.Model):
    """A WebAuthn credential: a second factor."""

    id = models.BinaryField(max_length=1023, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="passkeys")
    credential = models.BinaryField()  # attested credential data
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """Stands in for the second factor, once. SHA-256 of its 80 random bits."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="recovery_codes")


class KnownDevice(models.Model):
    """A device from which the account was signed in to: strangers' wrong guesses do not lock it out."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="devices")
    used_at = models.DateTimeField()


class Challenge(models.Model):
    """A challenge that was given out and not answered yet, hashed with what it is for."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    expires_at = models.DateTimeField()


class Bucket(models.Model):
    """Tries that are left under a name, which is kept as a keyed hash (agencies/throttling.py)."""

    key = models.BinaryField(max_length=32, primary_key=True)
    tries = models.FloatField()
    at = models.DateTimeField()


# --- joining ----------------------------------------------------------------------------------------------------------


class Invitation(models.Model):
    """An administrator expects somebody. SHA-256 of the code's 128 random bits, which stands on paper alone."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    id = models.UUIDField(unique=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="invitations")
    handle = models.CharField(max_length=80)
    name_en = models.CharField(max_length=200)
    name_mn = models.CharField(max_length=200)
    roles = models.JSONField()
    member = models.ForeignKey(Member, on_delete=models.CASCADE, null=True)  # who came back: a new device, a lost one
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()


class Candidate(models.Model):
    """Somebody with keys who waits for an administrator's signature on a roster."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, related_name="candidate")
    key = models.CharField(max_length=43)
    kem = models.CharField(max_length=43)
    roles = models.JSONField()
    since = models.DateTimeField()


class Application(models.Model):
    """An agency that asks to be admitted, with the keys of its first administrator."""

    id = models.UUIDField(primary_key=True, editable=False)
    handle = models.CharField(max_length=40)
    kind = models.CharField(max_length=64)
    name_en = models.CharField(max_length=200)
    name_mn = models.CharField(max_length=200)
    admin = models.ForeignKey(Member, on_delete=models.CASCADE)
    created_at = models.DateTimeField()


class Proposal(models.Model):
    """A directory document of the coordinators that has not enough signatures yet."""

    sha256 = models.BinaryField(max_length=32, primary_key=True)
    envelope = models.TextField()
    created_at = models.DateTimeField()
