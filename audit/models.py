from django.db import models


class Tree(models.Model):
    """A log's tree: how many entries are committed, and how many of them are in force: covered by a signed checkpoint
    that the network's quorum of witnesses has cosigned.

    peaks: the roots of its full subtrees, the largest first, 32 bytes each: what is needed to append and to sign.
    """

    log = models.CharField(max_length=16, primary_key=True)
    size = models.PositiveBigIntegerField(default=0)
    in_force = models.PositiveBigIntegerField(default=0)
    peaks = models.BinaryField(default=bytes)


class Entry(models.Model):
    """An entry of the directory log, byte for byte, at its place."""

    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="entries")
    index = models.PositiveBigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "index"], name="one_entry_a_place")]


class Checkpoint(models.Model):
    """A tree head that this hub has signed (C2SP tlog-checkpoint), with the witnesses' lines that came so far."""

    tree = models.ForeignKey(Tree, on_delete=models.PROTECT, related_name="checkpoints")
    size = models.PositiveBigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "size"], name="one_checkpoint_a_size")]


class Leaf(models.Model):
    """A leaf of the activity tree: queued in the transaction of what it records, then given its place.

    salt: 32 random bytes, known to those who may see the document. document: H(document), 32 bytes.
    index: its place in the tree, for good; null while it waits, in the order of acceptance.
    """

    salt = models.BinaryField(max_length=32)
    document = models.BinaryField(max_length=32, unique=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    index = models.PositiveBigIntegerField(null=True, unique=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=models.Q(index__isnull=True), name="leaves_that_wait")]
