"""The inbox written by hand, as quick as one can without a framework: ASGI, psycopg, one answer, the same JSON.

It knows one operation. It checks the token, and nothing else.
"""

import asyncio
import base64
import hashlib
import json
import os
from datetime import UTC, datetime
from typing import Any

import psycopg

CONNECTIONS = 4
WHO = """
    SELECT m.agency_id FROM agencies_token t JOIN agencies_member m ON m.id = t.member_id
    WHERE t.hash = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
"""
HEAD = """
    WITH unsettled AS NOT MATERIALIZED (
        SELECT tier, key FROM referrals_standing
        WHERE agency_id = %(agency)s AND box = 'inbox' AND "left" IS NULL AND tier < 3
    )
    SELECT version,
        (SELECT count(*) FROM (SELECT 1 FROM unsettled WHERE tier = 0 AND key <= %(now)s LIMIT 1000) x),
        (SELECT count(*) FROM (SELECT 1 FROM unsettled WHERE tier = 0 AND key > %(now)s LIMIT 1000) x),
        (SELECT count(*) FROM (SELECT 1 FROM unsettled WHERE tier = 1 LIMIT 1000) x),
        (SELECT count(*) FROM (SELECT 1 FROM unsettled WHERE tier = 2 LIMIT 1000) x)
    FROM referrals_listhead WHERE agency_id = %(agency)s
"""
PAGE = """
    SELECT s.tier, s.key, s.due_at, r.id, r.sender_id, r.recipient_id, r.state, r.sent_at, r.changed_at,
        r.deletion_owed_since, r.urgency, r.services, r.place, r.language, r.minor, r.envelope, r.sha256, r.consent_id
    FROM referrals_standing s JOIN referrals_referral r ON r.id = s.referral_id
    WHERE s.agency_id = %s AND s.box = 'inbox' AND s.entered <= %s AND (s."left" IS NULL OR s."left" > %s)
    ORDER BY s.tier, s.key, s.referral_id LIMIT 51
"""
EVENTS = """
    SELECT referral_id, id, agency_id, type, reason, accepted_at, envelope, sha256
    FROM referrals_event WHERE referral_id = ANY(%s) ORDER BY place
"""
DECISIONS = """
    SELECT consent_id, "to", version, envelope, sha256
    FROM referrals_decision WHERE newest AND consent_id = ANY(%s) AND "to" = %s
"""
CLOCKS = """
    SELECT referral_id, owes_id, kind, due_at FROM referrals_clock WHERE referral_id = ANY(%s) ORDER BY due_at, kind
"""

_free: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
_opened = 0


async def _connection() -> psycopg.AsyncConnection[Any]:
    global _opened
    if _free.empty() and _opened < CONNECTIONS:
        _opened += 1
        return await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True)
    return await _free.get()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    json.loads(body)
    token = next(value for name, value in scope["headers"] if name == b"authorization").removeprefix(b"Bearer ")
    connection = await _connection()
    try:
        answer = await _inbox(connection, token)
    finally:
        _free.put_nowait(connection)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def _inbox(connection: psycopg.AsyncConnection[Any], token: bytes) -> bytes:
    async def rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return await (await connection.execute(statement.encode(), values or None)).fetchall()

    ((agency,),) = await rows(WHO, hashlib.sha256(token).digest())
    at = datetime.now(UTC)
    now = int(at.timestamp() * 1_000_000)
    head = await (await connection.execute(HEAD.encode(), {"agency": agency, "now": now})).fetchone()
    assert head is not None
    version, *counted = head
    page = await rows(PAGE, agency, version, version)
    shown = page[:50]
    ids = [row[3] for row in shown]
    events: dict[Any, list[Any]] = {id: [] for id in ids}
    for event in await rows(EVENTS, ids):
        events[event[0]].append(event)
    decisions = {row[0]: row for row in await rows(DECISIONS, list({row[17] for row in shown}), agency)}
    owed: dict[Any, list[Any]] = {id: [] for id in ids}
    for clock in await rows(CLOCKS, ids):
        owed[clock[0]].append(clock)
    about = json.dumps([agency, "inbox", None, None, None, None, None, False, None])
    kind = _b64(hashlib.sha256(about.encode()).digest()[:9])
    edges = [
        _edge(row, at, now, version, kind, events[row[3]], decisions[row[17]], owed[row[3]], agency) for row in shown
    ]
    inbox = {
        "edges": edges,
        "pageInfo": {"hasNextPage": len(page) > 50, "endCursor": edges[-1]["cursor"] if edges else None},
        "counts": dict(zip(("late", "clock", "ours", "waiting"), counted, strict=True)),
    }
    return json.dumps({"data": {"inbox": inbox}}, separators=(",", ":")).encode()


def _edge(
    row: tuple[Any, ...],
    at: datetime,
    now: int,
    version: int,
    kind: str,
    events: list[Any],
    decision: tuple[Any, ...],
    owed: list[Any],
    agency: str,
) -> dict[str, Any]:
    tier, key, due, id = row[:4]
    head = row[16]
    for event in events:
        if event[2] == agency:
            head = event[7]
    cursor = base64.urlsafe_b64encode(f"{version} {now} {tier} {key} {id} {kind}".encode()).decode()
    node = {
        "id": str(id),
        "sender": row[4],
        "recipient": row[5],
        "state": row[6],
        "sentAt": row[7].isoformat(),
        "changedAt": row[8].isoformat(),
        "deletionOwedSince": row[9].isoformat() if row[9] else None,
        "urgency": row[10],
        "services": row[11],
        "place": row[12],
        "language": row[13],
        "minor": row[14],
        "envelope": row[15],
        "sha256": _b64(row[16]),
        "decision": {
            "consent": str(decision[0]),
            "to": decision[1],
            "version": decision[2],
            "envelope": decision[3],
            "sha256": _b64(decision[4]),
        },
        "owed": [{"agency": one[1], "kind": one[2], "dueAt": one[3].isoformat(), "late": one[3] <= at} for one in owed],
        "head": _b64(head),
        "events": [
            {
                "id": str(one[1]),
                "agency": one[2],
                "type": one[3],
                "reason": one[4],
                "acceptedAt": one[5].isoformat(),
                "envelope": one[6],
                "sha256": _b64(one[7]),
            }
            for one in events
        ],
    }
    names = {0: "late" if due is not None and due <= at else "clock", 1: "ours", 2: "waiting", 3: "rest"}
    return {"cursor": cursor, "tier": names[tier], "node": node}


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
