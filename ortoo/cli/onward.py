"""`ortoo forward`, `ortoo chain`: passing on what the own agency was sent, and where all of it went."""

from typing import Final

from ortoo import forwarding
from ortoo.cli import DONE
from ortoo.cli.commands import referral_named, started, typed
from ortoo.cli.running import Command, Run, Usage
from ortoo.cli.screen import instant_of, referral_value, shortened
from ortoo.protocol.errors import Refused
from ortoo.sentences import name
from ortoo.session import Session


async def forward(run: Run) -> int:
    """Say what goes to whom, ask, send."""
    to, sections, words, screen = run.options.to, run.options.section, run.words, run.screen
    async with started(run) as session:
        id = await referral_named(run, session)
        view = session.directory.now()
        files = await _files(run, session, id)
        onward = await run.patiently(forwarding.forwarding(session, id, to, sections, files))
        agency, shown = name(to, view, words), words.labels("sections", onward.sections)
        if not screen.json:
            screen.line(words("forward.what", agency=agency, sections=shown), "bold")
            going = {(None, part) for part in onward.files}
            numbers = [str(number) for number, one in enumerate(onward.of.files, 1) if one in going]
            if numbers:
                screen.line(words("forward.files", numbers=", ".join(numbers)), "bold")
        if not run.sure(words("forward.ask")):
            return DONE
        sent = await run.patiently(forwarding.forward(session, id, to, sections, files))
        if screen.json:
            screen.document({"referral": referral_value(sent), "parent": id})
            return DONE
        short = shortened([sent.id])
        screen.line(words("forward.sent"), "green")
        screen.table([sent], view, short, sent=True)
        screen.line(words("send.next", command=typed(run, "show", short[sent.id])), "dim")
    return DONE


async def _files(run: Run, session: Session, id: str) -> list[str] | None:
    """Which files were chosen, by the part's name; None for all that the sections have."""
    if run.options.no_files:
        return []
    if not run.options.file:
        return None
    there = (await run.patiently(session.show(id))).files
    if max(run.options.file) > len(there):
        raise Usage("error.no_such_file_number", most=len(there)) if there else Usage("error.no_files")
    return [there[number - 1][1] for number in dict.fromkeys(run.options.file)]


async def chain(run: Run) -> int:
    """All that was sent under the consent of a referral, by whomever: for the agency before which she decided."""
    words, screen = run.words, run.screen
    async with started(run) as session:
        referral = await session.show(await referral_named(run, session))
        if referral.decision.body.recorder != session.identity.agency:
            raise Refused("not_found", words("chain.recorder"))
        links = await run.patiently(forwarding.chain(session, referral.decision.body.consent))
        if screen.json:
            value = [
                {
                    "id": one.id,
                    "sender": one.sender,
                    "recipient": one.recipient,
                    "state": one.state,
                    "sent_at": instant_of(one.sent_at),
                    "parent": one.parent,
                    "sections": list(one.part_names),
                }
                for one in links
            ]
            screen.document({"chain": value})
            return DONE
        view, short = session.directory.now(), shortened([one.id for one in links])
        for one in links:
            line = words(
                "chain.onward" if one.parent else "chain.link",
                id=short[one.id],
                sender=name(one.sender, view, words),
                recipient=name(one.recipient, view, words),
                time=words.moment(one.sent_at),
                state=words.label("states", one.state),
                sections=words.labels("sections", one.part_names),
                parent=short.get(one.parent or "", ""),
            )
            screen.line(line)
    return DONE


COMMANDS: Final[dict[str, Command]] = {"forward": forward, "chain": chain}
