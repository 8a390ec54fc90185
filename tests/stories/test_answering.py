"""Two colleagues at the same referral, and what is left of one that was declined."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
import pytest
from psycopg import sql

from ortoo import contract
from ortoo.form import Form
from ortoo.protocol import events
from ortoo.protocol.documents import Document, new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import Event
from ortoo.reading import Referral
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work, feed_of
from tests.stores import Store


async def test_two_start_at_once_and_the_loser_is_told_head_and_state(hub: Hub) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mgec.solongo") as solongo,
    ):
        (sent,) = await nara.send(Form.read(SHELTER_TONIGHT))
        await delger.open_referral(sent.id)
        accepted = await delger.accept(sent.id)
        told = len(await feed_of(nara))

        # Both signed on the same head before either was accepted.
        signed = [started(session, accepted) for session in (delger, solongo)]
        answers = await asyncio.gather(
            *(
                session.client.take_step(contract.Sealed(envelope=one.envelope))
                for session, one in zip((delger, solongo), signed, strict=True)
            ),
            return_exceptions=True,
        )
        (won,) = [place for place, answer in enumerate(answers) if isinstance(answer, contract.Referral)]
        (lost,) = [answer for answer in answers if isinstance(answer, Refused)]
        assert lost.code == "head_moved"
        assert lost.at["head"] == signed[won].sha256
        assert lost.at["state"] == "under_way"
        assert lost.at["referral"] == sent.id

        now = await nara.show(sent.id)
        assert [step.type for step in now.steps] == ["opened", "accepted", "under_way"]
        assert [one.kind for one in (await feed_of(nara))[told:]] == ["under_way"]


def started(session: Session, referral: Referral) -> Document[Event]:
    event, _ = events.make(
        session.signer,
        id=new_id(),
        referral=referral.document,
        prev=referral.head,
        type="under_way",
        at=session.now(),
    )
    return event


async def test_what_was_declined_can_be_opened_by_nobody_with_the_whole_database(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(Form.read(SHELTER_TONIGHT))
        await delger.open_referral(sent.id)
        keys = keys_of(hub.store, sent.id, "mgec")
        assert len(keys) == 5  # the wrap, and the keys of four parts
        own = keys_of(hub.store, sent.id, "mrc-umnugobi")
        assert len(own) == 5
        assert all(is_there(hub.store, key) for key in keys + own)

        await delger.decline(sent.id, "no_capacity")

        assert keys_of(hub.store, sent.id, "mgec") == []
        assert not [key for key in keys if is_kept(hub.store, key)]
        with pytest.raises(Refused):
            await delger.open_referral(sent.id)
        # The sender still reads its own.
        assert keys_of(hub.store, sent.id, "mrc-umnugobi") == own
        assert [part.status for part in (await nara.open_referral(sent.id)).parts] == ["readable"] * 4


def keys_of(store: Store, referral: str, agency: str) -> list[bytes]:
    """The wrap and the part keys that are kept for this reader of a referral."""
    id = referral if store.kind == "postgres" else referral.replace("-", "")
    wraps = "SELECT wrap FROM referrals_wrap AS one JOIN referrals_referral AS r ON r.sealed_id = one.set_id"
    keys = "SELECT key FROM referrals_partkey AS one JOIN referrals_referral AS r ON r.sealed_id = one.set_id"
    of = f"WHERE r.id = '{id}' AND one.agency_id = '{agency}' ORDER BY one.id"
    return [bytes(key) for select in (wraps, keys) for (key,) in rows(store, f"{select} {of}")]


def is_kept(store: Store, key: bytes) -> bool:
    """Whether these bytes stay anywhere. Where somebody read in the very moment in which they were destroyed, SQLite's
    log is emptied as soon as they have ended.
    """
    until = time.monotonic() + 5
    while is_there(store, key):
        if store.kind != "sqlite" or time.monotonic() > until:
            return True
        time.sleep(0.2)
    return False


def is_there(store: Store, key: bytes) -> bool:
    """Whether these bytes are anywhere: in SQLite's files, freed pages and write-ahead log included; or in any table.

    PostgreSQL's files keep dead rows until it vacuums; what it is asked is what a copy of the database holds.
    """
    if store.kind == "sqlite":
        return any(key in path.read_bytes() for path in sqlite_files(store))
    with psycopg.connect(store.database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        search = sql.SQL("SELECT 1 FROM {} AS one WHERE one::text LIKE %s LIMIT 1")
        return any(
            connection.execute(search.format(sql.Identifier(table)), [f"%{key.hex()}%"]).fetchone()
            for (table,) in tables
        )


def sqlite_files(store: Store) -> list[Path]:
    found = sorted(store.practice.glob("hub.sqlite3*"))
    assert {path.name for path in found} >= {"hub.sqlite3", "hub.sqlite3-wal"}
    return found


def rows(store: Store, statement: str) -> list[tuple[Any, ...]]:
    if store.kind == "postgres":
        with psycopg.connect(store.database_url) as connection:
            return connection.execute(sql.SQL(cast(LiteralString, statement))).fetchall()
    with closing(sqlite3.connect(f"file:{store.practice / 'hub.sqlite3'}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()
