from django.db import models


class Agency(models.Model):
    """An admitted agency. What the directory says of it is the directory's; here it is for lists and foreign keys."""

    handle = models.CharField(max_length=40, primary_key=True)
    kind = models.CharField(max_length=64)
    name_en = models.CharField(max_length=200)
    name_mn = models.CharField(max_length=200)
    receiving = models.BooleanField(default=True)  # the agency's own switch: takes referrals now


class Member(models.Model):
    """A member's name and handle, which the directory never holds. Keys and roles are the directory's."""

    id = models.UUIDField(primary_key=True, editable=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="members")
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
    """A member's bearer token: SHA-256 of its 256 random bits, never itself."""

    hash = models.BinaryField(max_length=32, primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tokens")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)
