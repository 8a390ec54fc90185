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
from ortoo.cli.running import Run, Usage
from ortoo.device import Device
from ortoo.protocol.documents import SigningKey
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets
from ortoo.session import Session

TYPED: Final = "-"
LINES: Final = ("hub", "fingerprint", "agency", "member", "sign", "kem")


def session(run: Run) -> AbstractAsyncContextManager[Session]:
    """A session of the kit's holder. Nothing of the kit is kept on the device."""
    lines = _typed(run) if run.options.kit == TYPED else _read(Path(run.options.kit))
    try:
        ungrouped(lines["fingerprint"])
        secrets = MemberSecrets(SigningKey(ungrouped(lines["sign"])), KemKey(ungrouped(lines["kem"])))
        keys = Keys(str(UUID(lines["member"].strip())), secrets)
    except (KeyError, ValueError, AttributeError):
        raise Usage("error.kit") from None
    agency = lines["agency"].strip()
    return joining.with_kit(lines["hub"].strip(), lines["fingerprint"], agency, keys, Device().state)


def _typed(run: Run) -> Mapping[str, str]:
    if not run.screen.asks:
        raise Usage("error.needs_terminal")
    return {line: run.screen.question(run.words(f"col.{line}") + ":") for line in LINES}


def _read(path: Path) -> Mapping[str, str]:
    """As `ortoo --json members kit` gave it."""
    try:
        kit = json.loads(path.read_text(encoding="utf-8"))["kit"]
        return {line: str(kit[line]) for line in LINES}
    except (OSError, ValueError, KeyError, TypeError):
        raise Usage("error.kit") from None
