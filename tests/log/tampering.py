"""What somebody with every right in the database may try, each with what has to be named: table, field, how, row."""

# ruff: noqa: E501, S608

from typing import Final, NamedTuple

PLAIN: Final = "SELECT id FROM referrals_referral WHERE state = 'under_way'"
ENDED: Final = "SELECT id FROM referrals_referral WHERE state = 'declined'"
CLOSED: Final = "SELECT id FROM referrals_referral WHERE state = 'closed'"
WAITS: Final = "SELECT id FROM referrals_referral WHERE state = 'sent'"
NARROWED: Final = "SELECT id FROM referrals_referral WHERE state = 'opened' ORDER BY sent_at LIMIT 1"
ONWARD: Final = "SELECT id FROM referrals_referral WHERE parent_id IS NOT NULL"
UNSIGNED: Final = "SELECT id FROM referrals_referral WHERE state = 'waiting'"
OVERTURNED: Final = "SELECT referral_id FROM referrals_event WHERE type = 'overturned'"
REVIEWED: Final = f"SELECT consent_id FROM referrals_referral WHERE id = ({OVERTURNED})"
ACCEPTED: Final = f"SELECT id FROM referrals_event WHERE type = 'accepted' AND referral_id = ({PLAIN})"
STARTED: Final = f"SELECT id FROM referrals_event WHERE type = 'under_way' AND referral_id = ({PLAIN})"
DECLINED: Final = "SELECT id FROM referrals_event WHERE type = 'declined'"
CONSENT: Final = f"SELECT consent_id FROM referrals_referral WHERE id = ({PLAIN})"
GRANT: Final = f"SELECT id FROM referrals_decision WHERE \"to\" = 'mgec' AND consent_id = ({CONSENT})"
SECOND: Final = "SELECT id FROM referrals_decision WHERE version = 2 ORDER BY id LIMIT 1"
FIRST: Final = "SELECT id FROM referrals_decision WHERE NOT newest ORDER BY id LIMIT 1"
SEALED: Final = f"SELECT sealed_id FROM referrals_referral WHERE id = ({PLAIN})"
LINE: Final = f"SELECT id FROM referrals_trailentry WHERE referral_id = ({PLAIN}) ORDER BY id LIMIT 1"
PART: Final = f"SELECT id FROM referrals_part WHERE set_id = ({SEALED}) ORDER BY id LIMIT 1"
KEY: Final = f"SELECT id FROM referrals_partkey WHERE set_id = ({SEALED}) AND agency_id = 'mgec' ORDER BY id LIMIT 1"
WRAP: Final = f"SELECT id FROM referrals_wrap WHERE set_id = ({SEALED}) AND agency_id = 'mgec'"
NOTE: Final = f"SELECT sealed_id FROM referrals_event WHERE id = ({STARTED})"
PROVEN: Final = "SELECT id FROM referrals_decision WHERE sealed_id IS NOT NULL"
EVIDENCE: Final = "SELECT sealed_id FROM referrals_decision WHERE sealed_id IS NOT NULL"
SAID: Final = f"SELECT id FROM referrals_part WHERE set_id = ({EVIDENCE})"
HEAD: Final = "SELECT id FROM audit_checkpoint WHERE tree_id = 'activity' ORDER BY size LIMIT 1"
IN_FORCE: Final = "SELECT id FROM audit_checkpoint WHERE tree_id = 'activity' ORDER BY size DESC LIMIT 1"


class Tamper(NamedTuple):
    """row: a query of the id that has to be named, asked before; None: any. `{id}` in the statements is its answer."""

    name: str
    row: str | None
    statements: tuple[str, ...]
    table: str
    field: str
    how: str


def changed(
    name: str, table: str, row: str, column: str, value: str, *, field: str = "", how: str = "changed"
) -> Tamper:
    statement = f'UPDATE {table} SET "{column}" = {value} WHERE id = {{id}}'
    return Tamper(name, row, (statement,), table, field or column.removesuffix("_id"), how)


def removed(name: str, row: str, statement: str, table: str, field: str = "row") -> Tamper:
    return Tamper(name, None, (statement.replace("{row}", f"({row})"),), table, field, "removed")


REFERRAL: Final = (
    changed("another sender", "referrals_referral", PLAIN, "sender_id", "'nhrcm'"),
    changed("another recipient", "referrals_referral", PLAIN, "recipient_id", "'nhrcm'"),
    changed("another consent", "referrals_referral", PLAIN, "consent_id", f"({CONSENT.replace(PLAIN, WAITS)})"),
    changed("a state", "referrals_referral", PLAIN, "state", "'accepted'"),
    changed("an end that nobody signed", "referrals_referral", WAITS, "state", "'declined'"),
    changed("a withdrawal undone", "referrals_referral", ENDED.replace("declined", "withdrawn"), "state", "'opened'"),
    changed("less urgent", "referrals_referral", PLAIN, "urgency", "'routine'"),
    changed("other services", "referrals_referral", PLAIN, "services", "'[\"legal_aid\"]'"),
    changed("another place", "referrals_referral", PLAIN, "place", "'MN-1'"),
    changed("another language", "referrals_referral", PLAIN, "language", "'xx'"),
    changed("made from nothing", "referrals_referral", ONWARD, "parent_id", "NULL"),
    changed("another reviewer", "referrals_referral", OVERTURNED, "reviewer_id", "'iom'"),
    changed("seen before its second signature", "referrals_referral", UNSIGNED, "delivered_at", "sent_at"),
    changed("a review undone", "referrals_consent", REVIEWED, "overturned_at", "NULL"),
    changed("a child", "referrals_referral", PLAIN, "minor", "NOT minor"),
    changed("another hash", "referrals_referral", PLAIN, "sha256", "zeroblob(32)"),
    changed("sent later", "referrals_referral", PLAIN, "sent_at", "datetime(sent_at, '+11 minutes')", field="at",
            how="illegal"),
    changed("sent a minute earlier", "referrals_trailentry", LINE, "at", "datetime(at, '-1 minutes')"),
    changed("it never changed", "referrals_referral", PLAIN, "changed_at", "datetime(sent_at, '-1 minutes')"),
    changed("a step more", "referrals_referral", PLAIN, "steps", "steps + 1", how="removed"),
    changed("a step less", "referrals_referral", PLAIN, "steps", "steps - 1", how="inserted"),
    changed("a deletion that is not owed any more", "referrals_referral", ENDED.replace("declined", "recalled"),
            "deletion_owed_since", "NULL"),
    changed("a deletion that nobody owes", "referrals_referral", WAITS, "deletion_owed_since", "sent_at"),
    changed("emptied while it goes on", "referrals_referral", PLAIN, "empties_at", "sent_at"),
    Tamper("a referral's envelope", PLAIN,
           (f"UPDATE referrals_referral SET envelope = (SELECT envelope FROM referrals_referral WHERE id = ({WAITS}))"
            " WHERE id = {id}",), "referrals_referral", "sha256", "changed"),
    Tamper("a referral's signature", PLAIN,
           ("UPDATE referrals_referral SET envelope = replace(envelope, '\"sig\":\"', '\"sig\":\"AAAA') WHERE id = {id}",),
           "referrals_referral", "envelope", "changed"),
    Tamper("an envelope of nothing", PLAIN, ("UPDATE referrals_referral SET envelope = '{}' WHERE id = {id}",),
           "referrals_referral", "envelope", "changed"),
    Tamper("a service asked for", None, (f"UPDATE referrals_askedservice SET service = 'legal_aid' WHERE referral_id = ({PLAIN})"
           " AND id = (SELECT min(id) FROM referrals_askedservice)",), "referrals_askedservice", "service", "changed"),
    Tamper("a service asked for less", None, (f"DELETE FROM referrals_askedservice WHERE referral_id = ({PLAIN})",),
           "referrals_askedservice", "service", "changed"),
    removed("a referral that waits", WAITS, "DELETE FROM referrals_referral WHERE id = {row}", "audit_leaf", "document"),
)  # fmt: skip

EVENT: Final = (
    changed("another agency's step", "referrals_event", ACCEPTED, "agency_id", "'nhrcm'"),
    changed("a step on another referral", "referrals_event", ACCEPTED, "referral_id", f"({WAITS})"),
    changed("another step", "referrals_event", ACCEPTED, "type", "'declined'"),
    changed("another reason", "referrals_event", DECLINED, "reason", "'other'"),
    changed("another step before", "referrals_event", ACCEPTED, "prev", "zeroblob(32)"),
    changed("another hash of a step", "referrals_event", ACCEPTED, "sha256", "zeroblob(32)"),
    changed("accepted earlier than sent", "referrals_event", ACCEPTED, "accepted_at",
            "datetime(accepted_at, '-1 minutes')"),
    changed("accepted tomorrow", "referrals_event", ACCEPTED, "accepted_at", "datetime(accepted_at, '+1 days')", field="at",
            how="illegal"),
    changed("a note taken from its step", "referrals_event", STARTED, "sealed_id", "NULL", field="sealed"),
    Tamper("a step's signature", ACCEPTED,
           ("UPDATE referrals_event SET envelope = replace(envelope, '\"sig\":\"', '\"sig\":\"AAAA') WHERE id = {id}",),
           "referrals_event", "envelope", "changed"),
    Tamper("two steps in another order", ACCEPTED,
           ("UPDATE referrals_event SET place = 99 WHERE id = {id}",
            f"UPDATE referrals_event SET place = 3 WHERE id = ({STARTED})",
            "UPDATE referrals_event SET place = 4 WHERE id = {id}"),
           "referrals_event", "place", "reordered"),
    removed("the last step", STARTED, "DELETE FROM referrals_event WHERE id = {row}", "audit_leaf", "document"),
    Tamper("a step in the middle", PLAIN, (f"DELETE FROM referrals_event WHERE id = ({ACCEPTED})",),
           "referrals_referral", "steps", "removed"),
    Tamper("an opening that nobody finds", None,
           (f"DELETE FROM referrals_event WHERE type = 'opened' AND referral_id = ({PLAIN})",
            f"UPDATE referrals_event SET place = place - 1 WHERE referral_id = ({PLAIN})",
            f"UPDATE referrals_referral SET steps = 3 WHERE id = ({PLAIN})"),
           "referrals_event", "prev", "illegal"),
    Tamper("a step that was signed for another referral", None,
           ("INSERT INTO referrals_event SELECT '00000000000070008000000000000000', 1, type, reason, zeroblob(32),"
            " randomblob(32), envelope, accepted_at, agency_id, (" + WAITS + f"), NULL FROM referrals_event"
            f" WHERE id = ({ACCEPTED})",),
           "referrals_event", "sha256", "changed"),
    Tamper("a step that was never logged", ACCEPTED,
           ("DELETE FROM audit_leaf WHERE document = (SELECT sha256 FROM referrals_event WHERE id = {id})",),
           "referrals_event", "sha256", "inserted"),
)  # fmt: skip

DECISION: Final = (
    changed("a decision on somebody else", "referrals_decision", GRANT, "to", "'nhrcm'"),
    changed("another version", "referrals_decision", SECOND, "version", "7"),
    Tamper("an old decision that rules again", FIRST,
           (f"UPDATE referrals_decision SET newest = 0 WHERE id = ({SECOND})",
            "UPDATE referrals_decision SET newest = 1 WHERE id = {id}"), "referrals_decision", "newest", "changed"),
    changed("a decision that rules no more", "referrals_decision", GRANT, "newest", "0"),
    changed("another agency's decision", "referrals_decision", GRANT, "author_id", "'nhrcm'"),
    changed("another hash of a decision", "referrals_decision", GRANT, "sha256", "zeroblob(32)"),
    changed("a grant that does not end", "referrals_decision", GRANT, "ends_at", "datetime(accepted_at, '+9000 days')"),
    changed("decided earlier", "referrals_decision", GRANT, "accepted_at", "datetime(accepted_at, '-1 days')", field="at",
            how="illegal"),
    Tamper("a decision of another consent", GRANT,
           (f"DELETE FROM referrals_decision WHERE \"to\" = 'mgec' AND consent_id = ({CONSENT.replace(PLAIN, WAITS)})",
            f"UPDATE referrals_decision SET consent_id = ({CONSENT.replace(PLAIN, WAITS)}) WHERE id = {{id}}"),
           "referrals_decision", "consent", "changed"),
    Tamper("a decision's signature", GRANT,
           ("UPDATE referrals_decision SET envelope = replace(envelope, '\"sig\":\"', '\"sig\":\"AAAA') WHERE id = {id}",),
           "referrals_decision", "envelope", "changed"),
    Tamper("another recorder", CONSENT, ("UPDATE referrals_consent SET recorder_id = 'nhrcm' WHERE id = {id}",),
           "referrals_consent", "recorder", "changed"),
    removed("a decision", GRANT, "DELETE FROM referrals_decision WHERE id = {row}", "audit_leaf", "document"),
    Tamper("a referral whose consent is gone", PLAIN, (f"DELETE FROM referrals_decision WHERE id = ({GRANT})",),
           "referrals_referral", "*", "illegal"),
    Tamper("a refusal taken away", None,
           (f"DELETE FROM referrals_decision WHERE id = ({SECOND})",
            'UPDATE referrals_decision SET newest = 1 WHERE id = (SELECT id FROM referrals_decision WHERE NOT newest'
            " ORDER BY id LIMIT 1)"),
           "referrals_partkey", "row", "removed"),
)  # fmt: skip

BLOBS: Final = (
    changed("a text", "referrals_part", PART, "ciphertext", "randomblob(length(ciphertext))"),
    changed("a wrapped key", "referrals_wrap", WRAP, "wrap", "randomblob(1168)"),
    changed("a wrapped key's epoch", "referrals_wrap", WRAP, "epoch", "9"),
    changed("a part's key", "referrals_partkey", KEY, "key", "randomblob(104)"),
    changed("a part of another name", "referrals_part", PART, "name", "'history'", field="row", how="inserted"),
    removed("a text lost", PART, "DELETE FROM referrals_part WHERE id = {row}", "referrals_part"),
    removed("a wrapped key lost", WRAP, "DELETE FROM referrals_wrap WHERE id = {row}", "referrals_wrap"),
    removed("a part's key lost", KEY, "DELETE FROM referrals_partkey WHERE id = {row}", "referrals_partkey"),
    removed("a note lost", NOTE, "DELETE FROM referrals_part WHERE set_id = {row}", "referrals_part"),
    Tamper("a key for somebody else", None,
           (f"INSERT INTO referrals_partkey (part, \"key\", agency_id, set_id) SELECT part, \"key\", 'nhrcm', set_id FROM"
            f" referrals_partkey WHERE id = ({KEY})",), "referrals_partkey", "row", "inserted"),
    Tamper("a note's key after it was declined", None,
           (f"INSERT INTO referrals_partkey (part, \"key\", agency_id, set_id) SELECT part, \"key\", 'mgec', set_id FROM"
            f" referrals_partkey WHERE set_id = (SELECT sealed_id FROM referrals_referral WHERE id = ({ENDED})) LIMIT 1",),
           "referrals_partkey", "row", "illegal"),
    Tamper("a key for what she took back", None,
           (f"INSERT INTO referrals_partkey (part, \"key\", agency_id, set_id) SELECT part, \"key\", 'mgec', set_id FROM"
            f" referrals_partkey WHERE part = 'safety' AND set_id = (SELECT sealed_id FROM referrals_referral"
            f" WHERE id = ({NARROWED}))",), "referrals_partkey", "row", "illegal"),
)  # fmt: skip

PROOFS: Final = (
    changed("evidence of a decision", "referrals_part", SAID, "ciphertext", "randomblob(length(ciphertext))"),
    changed("evidence let go too early", "referrals_decision", PROVEN, "evidence_until", "NULL"),
    changed("evidence that is of none any more", "referrals_decision", PROVEN, "sealed_id", "NULL"),
    removed("evidence lost", SAID, "DELETE FROM referrals_part WHERE id = {row}", "referrals_part"),
    removed("a file of the evidence lost", EVIDENCE, "DELETE FROM referrals_file WHERE set_id = {row}", "referrals_file"),
    removed("the key of the evidence lost", EVIDENCE, "DELETE FROM referrals_partkey WHERE set_id = {row}",
            "referrals_partkey"),
    Tamper("evidence for somebody else", None,
           (f"INSERT INTO referrals_partkey (part, \"key\", agency_id, set_id) SELECT part, \"key\", 'mgec', set_id FROM"
            f" referrals_partkey WHERE set_id = ({EVIDENCE}) LIMIT 1",), "referrals_partkey", "row", "inserted"),
)  # fmt: skip

EMPTIED: Final = tuple(
    f"DELETE FROM referrals_{table} WHERE set_id = (SELECT sealed_id FROM referrals_referral WHERE id = {{id}})"
    for table in ("partkey", "wrap", "part")
)
EARLY: Final = (
    Tamper("a closed one that is emptied before its time", CLOSED,
           ("UPDATE referrals_referral SET empties_at = NULL WHERE id = {id}", *EMPTIED),
           "referrals_referral", "empties_at", "changed"),
    Tamper("a declined one that is emptied before its time", ENDED,
           ("UPDATE referrals_referral SET empties_at = NULL WHERE id = {id}", *EMPTIED),
           "referrals_referral", "empties_at", "changed"),
    changed("a time to keep that is over at once", "referrals_referral", CLOSED, "empties_at", "changed_at"),
    removed("what was closed, lost", f"SELECT sealed_id FROM ({CLOSED.replace(' id ', ' sealed_id ')})",
            "DELETE FROM referrals_partkey WHERE set_id = {row}", "referrals_partkey"),
    Tamper("evidence whose time is over at once", PROVEN,
           ("UPDATE referrals_decision SET evidence_until = accepted_at WHERE id = {id}",
            f"DELETE FROM referrals_partkey WHERE set_id = ({EVIDENCE})"), "referrals_decision", "evidence_until", "changed"),
)  # fmt: skip

TRAIL: Final = (
    changed("another member in the trail", "referrals_trailentry", LINE, "member", "'00000000000070008000000000000000'"),
    changed("another step in the trail", "referrals_trailentry", LINE, "type", "'closed'"),
    changed("another agency in the trail", "referrals_trailentry", LINE, "by_id", "'nhrcm'"),
    changed("a reason in the trail", "referrals_trailentry", LINE, "reason", "'other'"),
    removed("a line of the trail", LINE, "DELETE FROM referrals_trailentry WHERE id = {row}", "referrals_trailentry"),
    Tamper("a line that nothing gives", None,
           (f"INSERT INTO referrals_trailentry (member, type, reason, at, agency_id, by_id, counterpart_id, referral_id)"
            f" SELECT member, 'closed', NULL, at, agency_id, by_id, counterpart_id, referral_id FROM referrals_trailentry"
            f" WHERE id = ({LINE})",), "referrals_trailentry", "row", "inserted"),
)  # fmt: skip

LOG: Final = (
    Tamper("a leaf's salt", "SELECT 5", ('UPDATE audit_leaf SET salt = zeroblob(32) WHERE "index" = 5',),
           "audit_leaf", "salt, document", "changed"),
    Tamper("a leaf's document", "SELECT 5", ('UPDATE audit_leaf SET document = zeroblob(32) WHERE "index" = 5',),
           "audit_leaf", "salt, document", "changed"),
    Tamper("a leaf lost", "SELECT 5", ('DELETE FROM audit_leaf WHERE "index" = 5',), "audit_leaf", "index", "removed"),
    Tamper("two leaves in another order", "SELECT 5",
           ('UPDATE audit_leaf SET "index" = 9999 WHERE "index" = 5', 'UPDATE audit_leaf SET "index" = 5 WHERE "index" = 6',
            'UPDATE audit_leaf SET "index" = 6 WHERE "index" = 9999'), "audit_leaf", "index", "reordered"),
    Tamper("a leaf of nothing", None,
           ('INSERT INTO audit_leaf (salt, document, queued_at, "index") SELECT zeroblob(32), zeroblob(32), queued_at,'
            ' (SELECT size FROM audit_tree WHERE log = \'activity\') FROM audit_leaf LIMIT 1',),
           "audit_leaf", "index", "inserted"),
    Tamper("a leaf of nothing that waits", None,
           ('INSERT INTO audit_leaf (salt, document, queued_at, "index") SELECT zeroblob(32), zeroblob(32), queued_at,'
            " NULL FROM audit_leaf LIMIT 1",), "audit_leaf", "document", "inserted"),
    Tamper("an entry of the directory", "SELECT 7",
           ("UPDATE audit_entry SET data = (SELECT data FROM audit_entry WHERE \"index\" = 3) WHERE \"index\" = 7",),
           "audit_entry", "data", "reordered"),
    Tamper("a key in the directory", "SELECT 7",
           ("UPDATE audit_entry SET data = CAST(replace(CAST(data AS TEXT), 'payload', 'Payload') AS BLOB) WHERE \"index\" = 7",),
           "audit_entry", "data", "changed"),
    Tamper("an entry of the directory lost", "SELECT 7", ('DELETE FROM audit_entry WHERE "index" = 7',),
           "audit_entry", "data", "removed"),
    Tamper("an entry of the directory too many", None,
           ('INSERT INTO audit_entry ("index", data, tree_id) SELECT 9999, data, tree_id FROM audit_entry LIMIT 1',),
           "audit_entry", "index", "inserted"),
    Tamper("a smaller tree", "SELECT 'activity'", ("UPDATE audit_tree SET size = size - 1 WHERE log = 'activity'",),
           "audit_tree", "size", "removed"),
    Tamper("other peaks", "SELECT 'activity'",
           ("UPDATE audit_tree SET peaks = zeroblob(length(peaks)) WHERE log = 'activity'",),
           "audit_tree", "peaks", "changed"),
    Tamper("more in force than was cosigned", "SELECT 'activity'",
           ("UPDATE audit_tree SET in_force = 10000 WHERE log = 'activity'",), "audit_tree", "in_force", "changed"),
    changed("a checkpoint's root", "audit_checkpoint", HEAD, "root", "zeroblob(32)"),
    changed("a checkpoint's size", "audit_checkpoint", HEAD, "size", "9999"),
    changed("a checkpoint's note", "audit_checkpoint", HEAD, "note", "replace(note, 'activity', 'directory')"),
    changed("a checkpoint of another size", "audit_checkpoint", IN_FORCE, "note",
            f"(SELECT note FROM audit_checkpoint WHERE id = ({HEAD}))", field="size"),
)  # fmt: skip

DIRECTORY: Final = (
    Tamper("an agency's kind", "SELECT 'mgec'", ("UPDATE agencies_agency SET kind = 'police' WHERE handle = 'mgec'",),
           "agencies_agency", "kind", "changed"),
    Tamper("an agency's name", "SELECT 'mgec'", ("UPDATE agencies_agency SET name_en = 'Us' WHERE handle = 'mgec'",),
           "agencies_agency", "name_en", "changed"),
    Tamper("an agency's name in Mongolian", "SELECT 'mgec'",
           ("UPDATE agencies_agency SET name_mn = 'Бид' WHERE handle = 'mgec'",), "agencies_agency", "name_mn", "changed"),
    Tamper("an agency that nobody admitted", "SELECT 'false'",
           ("INSERT INTO agencies_agency SELECT 'false', kind, name_en, name_mn, receiving, place, phone, duty_phone, email"
            " FROM agencies_agency LIMIT 1",), "agencies_agency", "handle", "inserted"),
    Tamper("an agency gone", "SELECT 'mgec'", ("DELETE FROM agencies_agency WHERE handle = 'mgec'",),
           "agencies_agency", "handle", "removed"),
    Tamper("a member of another agency", "SELECT id FROM agencies_member WHERE handle = 'mgec.delger'",
           ("UPDATE agencies_member SET agency_id = 'nhrcm' WHERE handle = 'mgec.delger'",),
           "agencies_member", "agency", "changed"),
    Tamper("a member gone", "SELECT id FROM agencies_member WHERE handle = 'mgec.delger'",
           ("DELETE FROM agencies_member WHERE handle = 'mgec.delger'",), "agencies_member", "id", "removed"),
    Tamper("a replaced key", "SELECT min(sha256) FROM agencies_kemkey",
           ("UPDATE agencies_kemkey SET key = randomblob(1216) WHERE sha256 = {id}",), "agencies_kemkey", "key", "changed"),
    Tamper("a key gone", "SELECT min(sha256) FROM agencies_kemkey", ("DELETE FROM agencies_kemkey WHERE sha256 = {id}",),
           "agencies_kemkey", "key", "removed"),
    Tamper("a seed for somebody of another agency", "SELECT min(id) FROM agencies_agencykey WHERE agency_id = 'mgec'",
           ("UPDATE agencies_agencykey SET agency_id = 'nhrcm' WHERE id = {id}",), "agencies_agencykey", "member", "inserted"),
    Tamper("a seed of an epoch that never was", "SELECT min(id) FROM agencies_agencykey WHERE agency_id = 'mgec'",
           ("UPDATE agencies_agencykey SET epoch = 99 WHERE id = {id}",), "agencies_agencykey", "epoch", "changed"),
    Tamper("a seed gone", None, ("DELETE FROM agencies_agencykey WHERE agency_id = 'mgec'",),
           "agencies_agencykey", "sealed", "removed"),
)  # fmt: skip

TAKEN_BACK: Final = "SELECT id FROM referrals_withdrawal"
HERS: Final = (
    "SELECT sealed_id FROM referrals_referral WHERE consent_id = (SELECT consent_id FROM referrals_withdrawal)"
)

RECEIPT: Final = (
    removed("what she took back herself", TAKEN_BACK, "DELETE FROM referrals_withdrawal WHERE id = {row}", "audit_leaf", "document"),
    changed("another hash of a withdrawal", "referrals_withdrawal", TAKEN_BACK, "sha256", "zeroblob(32)"),
    changed("taken back under another consent", "referrals_withdrawal", TAKEN_BACK, "consent_id", f"({CONSENT})", field="key",
            how="illegal"),
    changed("taken back at another time", "referrals_withdrawal", TAKEN_BACK, "accepted_at",
            "datetime(accepted_at, '+1 days')", field="at", how="illegal"),
    Tamper("a withdrawal's signature", TAKEN_BACK,
           ("UPDATE referrals_withdrawal SET envelope = replace(envelope, '\"sig\":\"', '\"sig\":\"AAAA') WHERE id = {id}",),
           "referrals_withdrawal", "envelope", "changed"),
    changed("another key of her code", "referrals_receiptkey", "SELECT id FROM referrals_receiptkey", "key", "zeroblob(32)",
            how="inserted"),
    changed("a code that shows less", "referrals_receiptkey", "SELECT id FROM referrals_receiptkey", "mode", "'withdraw'"),
    changed("a code that looks no more", "referrals_receiptkey", "SELECT id FROM referrals_receiptkey", "replaced", "1"),
    changed("another file", "referrals_file", "SELECT id FROM referrals_file", "sha256", "zeroblob(32)"),
    removed("a file lost", HERS, "DELETE FROM referrals_file WHERE set_id = {row}", "referrals_file"),
    Tamper("a key that she took back", None,
           (f"INSERT INTO referrals_partkey (part, \"key\", agency_id, set_id) SELECT part, \"key\", 'mgec', set_id FROM"
            f" referrals_partkey WHERE part = 'safety' AND set_id = ({HERS})",), "referrals_partkey", "row", "illegal"),
)  # fmt: skip

FILE: Final = "SELECT id FROM coordination_export ORDER BY id LIMIT 1"
LOOK: Final = f"SELECT look_id FROM coordination_export WHERE id = ({FILE})"


def exported(name: str, statement: str, field: str, how: str = "changed") -> Tamper:
    return Tamper(name, FILE, (statement,), "coordination_export", field, how)


EXPORT: Final = (
    exported("an export's signature",
             "UPDATE coordination_export SET envelope = replace(envelope, '\"sig\":\"', '\"sig\":\"AAAA') WHERE id = {id}",
             "envelope"),
    exported("another export's document",
             "UPDATE coordination_export SET envelope = (SELECT envelope FROM coordination_export WHERE id != {id})"
             " WHERE id = {id}", "id"),
    exported("another hash of an export", "UPDATE coordination_export SET sha256 = zeroblob(32) WHERE id = {id}", "sha256"),
    exported("an export that is not logged", "DELETE FROM audit_leaf WHERE document = (SELECT sha256 FROM coordination_export"
             " WHERE id = {id})", "sha256", "inserted"),
    exported("fewer rows of an export", f"UPDATE coordination_look SET count = 0 WHERE id = ({LOOK})", "count"),
    exported("another agency's export", f"UPDATE coordination_look SET agency_id = 'mgec' WHERE id = ({LOOK})", "agency"),
    exported("an export that was a look", f"UPDATE coordination_look SET what = 'trail' WHERE id = ({LOOK})", "what"),
    exported("an export on another day",
             f"UPDATE coordination_look SET at = datetime(at, '-1 days') WHERE id = ({LOOK})", "at"),
    removed("an export nobody remembers", FILE, "DELETE FROM coordination_export WHERE id = {row}", "coordination_export"),
    Tamper("an export and its look", None,
           ("DELETE FROM coordination_export", "DELETE FROM coordination_look"), "audit_leaf", "document", "removed"),
)  # fmt: skip

ALL: Final = (*REFERRAL, *EVENT, *DECISION, *BLOBS, *PROOFS, *EARLY, *TRAIL, *RECEIPT, *LOG, *DIRECTORY, *EXPORT)
