"""`ortoo second`, `ortoo coordinators review`: what goes without the person's consent, signed by two and reviewed."""

from typing import Final

from ortoo.cli import DONE
from ortoo.cli.commands import referral_named, started
from ortoo.cli.overseeing import review_named
from ortoo.cli.running import Command, Run
from ortoo.cli.screen import part_value, referral_value
from ortoo.sentences import name


async def second(run: Run) -> int:
    """Look at what a colleague sends without consent, and sign, too."""
    words, screen = run.words, run.screen
    async with started(run) as session:
        id = await referral_named(run, session)
        view = session.directory.now()
        opened = await run.patiently(session.open_referral(id))
        referral = opened.referral
        if not screen.json:
            screen.referral(referral, view)
            screen.parts(opened.parts)
        basis = words.label("consent_bases", referral.decision.body.basis)
        if not run.sure(words("second.ask", agency=name(referral.recipient, view, words), basis=basis)):
            return DONE
        signed = await run.patiently(session.second(id))
        if screen.json:
            screen.document({"referral": referral_value(signed)})
        else:
            done, state = words.label("steps", "seconded"), words.label("states", signed.state)
            screen.line(words("step.done", step=done, state=state), "green")
    return DONE


async def review(run: Run) -> int:
    """Open the justification, and say whether there was ground."""
    words, screen, verdict = run.words, run.screen, run.options.verdict
    async with started(run) as session:
        id = await review_named(run, session, run.options.who)
        opened = await run.patiently(session.open_referral(id))
        if not screen.json:
            screen.referral(opened.referral, session.directory.now())
            screen.parts(opened.parts)
        if not run.sure(words("review.ask", verdict=words.label("steps", verdict))):
            return DONE
        reviewed = await run.patiently(session.review(id, verdict))
        if screen.json:
            sections = [part_value(part) for part in opened.parts]
            screen.document({"referral": referral_value(reviewed), "sections": sections})
        else:
            done, state = words.label("steps", verdict), words.label("states", reviewed.state)
            screen.line(words("step.done", step=done, state=state), "green")
    return DONE


COMMANDS: Final[dict[str, Command]] = {"second": second, "review": review}
