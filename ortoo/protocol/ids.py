"""Ids made by clients: UUIDv7 (RFC 9562 §5.7), so that they sort by time and never collide."""

import secrets
import time
import uuid
from datetime import UTC, datetime


def uuid7() -> str:
    """48 bits of Unix milliseconds, then 74 random bits."""
    value = (time.time_ns() // 1_000_000 & ((1 << 48) - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def made_at(id: str) -> datetime:
    """When a UUIDv7 was made, by its maker's clock."""
    return datetime.fromtimestamp((uuid.UUID(id).int >> 80) / 1000, UTC)
