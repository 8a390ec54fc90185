"""A long life of one agency: rows like a referral that is there, written by the database itself."""

from typing import Any

import psycopg

SEALED = "INSERT INTO referrals_sealedset (id) SELECT %(base)s + i FROM generate_series(1, %(count)s) i"
ID = "('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"
CHANGED = "r.sent_at - interval '1 day' - i * interval '1 second'"
OF_THE_REFERRAL = {
    "id": ID,
    "sender_id": "(%(senders)s::text[])[1 + i %% %(many)s]",
    "state": "CASE WHEN i %% 20 = 0 THEN 'more_asked' ELSE 'closed' END",
    "place": "(ARRAY['MN-035', 'MN-041', 'MN-053', 'MN-055', 'MN-057'])[1 + i %% 5]",
    "sha256": "sha256(int8send(i))",
    "envelope": "''",
    "sealed_id": "%(base)s + i",
    "sent_at": CHANGED,
    "changed_at": CHANGED,
    "deletion_owed_since": "NULL",
}
ASKED = f"""
    INSERT INTO referrals_askedservice (referral_id, service)
    SELECT {ID}, (ARRAY['shelter', 'psychosocial'])[1 + i %% 2] FROM generate_series(1, %(count)s) i
"""  # noqa: S608 - constants
STANDINGS = f"""
    INSERT INTO referrals_standing (agency_id, box, referral_id, tier, key, due_at, entered)
    SELECT r.recipient_id, 'inbox', {ID}, CASE WHEN i %% 20 = 0 THEN 2 ELSE 3 END,
        CASE WHEN i %% 20 = 0 THEN 1 ELSE -1 END * (extract(epoch FROM {CHANGED}) * 1000000)::bigint,
        CASE WHEN i %% 20 = 0 THEN {CHANGED} + interval '400 days' END, 0
    FROM generate_series(1, %(count)s) i, referrals_referral r WHERE r.id = %(like)s
"""  # noqa: S608 - constants


def write(database: str, like: str, senders: list[str], count: int) -> None:
    """`count` referrals more in the inbox of the one that `like` went to: settled, but for each twentieth."""
    values: dict[str, Any] = {
        "base": 1_000_000_000,
        "count": count,
        "like": like,
        "senders": senders,
        "many": len(senders),
    }
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # each row is right: no foreign key is looked up
        columns = [
            name
            for (name,) in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'referrals_referral'"
            )
        ]
        chosen = ", ".join(OF_THE_REFERRAL.get(name, f'r."{name}"') for name in columns)
        into = ", ".join(f'"{name}"' for name in columns)
        referrals = (
            f"INSERT INTO referrals_referral ({into}) SELECT {chosen} "  # noqa: S608 - names from the catalogue
            "FROM generate_series(1, %(count)s) i, referrals_referral r WHERE r.id = %(like)s"
        )
        for statement in (SEALED, referrals, ASKED, STANDINGS):
            connection.execute(statement.encode(), values)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
