"""A recovery kit at work: what `ortoo members kit` printed, from a file or typed from the paper."""

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from uuid import UUID

from ortoo import joining
from ortoo.account import Keys
from ortoo.administration import ungrouped
from ortoo.device import Device
from ortoo.protocol.documents import SigningKey
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets
from ortoo.session import Session

TYPED: Final = "-"
LINES: Final = ("hub", "fingerprint", "agency", "member", "sign", "kem")


def session(lines: Mapping[str, str]) -> AbstractAsyncContextManager[Session]:
    """A session of the kit's holder. Nothing of the kit is kept on the device. ValueError where it is not a kit."""
    ungrouped(lines["fingerprint"])
    secrets = MemberSecrets(SigningKey(ungrouped(lines["sign"])), KemKey(ungrouped(lines["kem"])))
    keys = Keys(str(UUID(lines["member"].strip())), secrets)
    agency = lines["agency"].strip()
    return joining.with_kit(
        lines["hub"].strip(), lines["fingerprint"], agency, keys, Device().state(lines["hub"].strip())
    )


def read(path: Path) -> Mapping[str, str]:
    """The lines as `ortoo --json members kit` gave them. ValueError where the file is not that."""
    try:
        kit = json.loads(path.read_text(encoding="utf-8"))["kit"]
        return {line: str(kit[line]) for line in LINES}
    except (OSError, KeyError, TypeError) as error:
        raise ValueError from error
