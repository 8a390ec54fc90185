"""The rows of a send, written with nothing but psycopg: no signature checked, no rule applied, nobody told."""

import time
from typing import Any

import psycopg
from psycopg import sql

OF_A_REFERRAL = {
    "referrals_sealedset": "id IN (SELECT sealed_id FROM referrals_referral WHERE id = ANY(%s))",
    "referrals_part": "set_id IN (SELECT sealed_id FROM referrals_referral WHERE id = ANY(%s))",
    "referrals_wrap": "set_id IN (SELECT sealed_id FROM referrals_referral WHERE id = ANY(%s))",
    "referrals_partkey": "set_id IN (SELECT sealed_id FROM referrals_referral WHERE id = ANY(%s))",
    "referrals_referral": "id = ANY(%s)",
    "referrals_askedservice": "referral_id = ANY(%s)",
    "referrals_clock": "referral_id = ANY(%s)",
    "referrals_trailentry": "referral_id = ANY(%s)",
    "referrals_standing": "referral_id = ANY(%s)",
    "notifications_feedentry": "referral = ANY(%s)",
    "audit_leaf": "document IN (SELECT sha256 FROM referrals_referral WHERE id = ANY(%s))",
}


def write_again(database: str, ids: list[str]) -> float:
    """The rows of these referrals, each in a transaction, into tables like theirs; how many a second."""
    with psycopg.connect(database) as connection:
        rows = [[(table, *_rows(connection, table, which, id)) for table, which in OF_A_REFERRAL.items()] for id in ids]
        for table in OF_A_REFERRAL:
            name, like = sql.Identifier(f"bench_{table}"), sql.Identifier(table)
            connection.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING INDEXES)").format(name, like))
        connection.commit()
        began = time.perf_counter()
        for one in rows:
            for table, columns, values in one:
                insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(f"bench_{table}"),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
                )
                connection.cursor().executemany(insert, values)
            connection.commit()
        return len(ids) / (time.perf_counter() - began)


def _rows(connection: psycopg.Connection[Any], table: str, which: str, id: str) -> tuple[list[str], list[Any]]:
    where = sql.SQL(which)  # type: ignore[arg-type]
    cursor = connection.execute(sql.SQL("SELECT * FROM {} WHERE ").format(sql.Identifier(table)) + where, [[id]])
    assert cursor.description is not None
    names = [column.name for column in cursor.description]
    found = [
        tuple(psycopg.types.json.Jsonb(value) if isinstance(value, list | dict) else value for value in row)
        for row in cursor
    ]
    return names, found
