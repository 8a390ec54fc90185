"""The log, looked at from outside."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ortoo import bundle, evidence
from ortoo.administration import grouped, ungrouped
from ortoo.cli import DONE, UNTRUSTED
from ortoo.cli.asking import FINGERPRINT, typed_from_paper
from ortoo.cli.running import Command, Run, Usage
from ortoo.protocol.checkpoint import Checkpoint
from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.errors import Refused


async def explain(run: Run) -> int:
    """What a file of evidence shows, and what it does not."""
    path = run.options.file
    try:
        found = evidence.explain(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, Refused):
        raise Usage("error.evidence", path=path) from None
    if run.screen.json:
        heads = {"seen": _plain(found.seen), "shown": _plain(found.shown)}
        said = {"verdict": found.verdict, "log": found.log, "at": found.at, "network": found.network}
        run.screen.document({"evidence": said | heads | {"signed": list(found.signed)}})
        return DONE
    say, words = run.screen.line, run.words
    say(words(f"evidence.{found.verdict}"), "bold")
    say(words("evidence.about", log=found.log, at=found.at))
    for name, head, signed in (("seen", found.seen, found.signed[0]), ("shown", found.shown, found.signed[1])):
        if head is None:
            say(words(f"evidence.no_{name}"))
        else:
            by = words("evidence.signed" if signed else "evidence.unsigned")
            say(words(f"evidence.{name}", size=head.size, root=b64(head.root)) + " " + by)
    say(words("evidence.network", fingerprint=grouped(unb64(found.network))))
    return DONE


def _plain(head: Checkpoint | None) -> dict[str, object] | None:
    return {"size": head.size, "root": b64(head.root)} if head is not None else None


async def verify(run: Run) -> int:
    """What a bundle of a hub's log shows, without the hub."""
    path, anchor = run.options.file, b64(ungrouped(typed_from_paper(run, "fingerprint", FINGERPRINT)))
    try:
        with Path(path).open(encoding="utf-8") as lines:
            judged = bundle.verify(lines, anchor)
    except (OSError, ValueError, LookupError):
        raise Usage("error.bundle", path=path) from None
    log, found = judged.heads[1], judged.findings
    if run.screen.json:
        said = {"id": judged.id, "at": judged.at, "documents": judged.documents, "whole": judged.whole}
        listed = [{"kind": one.table, "where": one.row, "field": one.field, "how": one.how} for one in found]
        run.screen.document({"bundle": said | {"activity": _plain(log), "findings": listed}})
        return UNTRUSTED if found else DONE
    say, words = run.screen.line, run.words
    for one in found:
        say(words(f"bundle.{one.how}", kind=one.table, place=one.row.rpartition(" ")[2], field=one.field), "bold")
    say(words("bundle.bad", count=len(found)) if found else words("bundle.good", count=judged.documents), "bold")
    say(words("bundle.whole" if judged.whole else "bundle.part", size=log.size))
    say(words("bundle.head", at=judged.at, root=b64(log.root)))
    return UNTRUSTED if found else DONE


COMMANDS: Final[Mapping[str, Command]] = {"audit evidence": explain, "audit verify": verify}
