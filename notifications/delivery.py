"""Delivery of the outbox to the mail server, in threads of the worker.

Each mail is tried in a connection of its own, with a time for each answer: one that hangs holds up one thread. Nothing
of an address or of what a mail server said is logged.
"""

import json
import smtplib
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from agencies import clock
from notifications import outbox
from notifications.outbox import Letter
from ortoo.words import Words

THREADS: Final = 4

# Of a mailbox (RFC 5321, section 4.2.3; RFC 7504): not there, elsewhere, not allowed. Whatever else a mail server says
# about a recipient may be mended, or is the operator's to mend, as a relay that is denied (RFC 3463, 5.7.x).
NO_MAILBOX: Final = (550, 551, 553, 556)
POLICY: Final = b"5.7."

log = structlog.get_logger()


def deliver() -> None:
    """Try each mail that is due, until none is. Safe to run in any number of threads and processes."""
    if not settings.ORTOO_SENDS_MAIL:
        return
    while (letter := outbox.take(clock.now())) is not None:
        try_(letter)


def try_(letter: Letter) -> None:
    """Hand one mail over, and keep what became of it."""
    connection = get_connection()
    taken = False
    try:
        connection.open()
        taken = True
        connection.send_messages([written(letter)])
        outbox.sent(letter, clock.now())
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        if code in NO_MAILBOX and POLICY not in said:
            outbox.refused(letter, clock.now())
        else:
            _again(letter, error, surely=True)
    except (OSError, smtplib.SMTPException) as error:
        _again(letter, error, surely=not taken or isinstance(error, smtplib.SMTPResponseException))
    except Exception:
        outbox.failed(letter, clock.now(), surely=not taken)
        raise
    finally:
        with suppress(OSError, smtplib.SMTPException):
            connection.close()


def _again(letter: Letter, error: Exception, *, surely: bool) -> None:
    outbox.failed(letter, clock.now(), surely=surely)
    log.warning("mail_not_taken", error=type(error).__name__)


# --- what a mail says -------------------------------------------------------------------------------------------------


def written(letter: Letter) -> EmailMessage:
    """That there is something new, and where to sign in: the same for whatever has happened."""
    words = Words("mn" if letter.language == "mn" else "en")
    values = {"code": f"{letter.code[:4]} {letter.code[4:]}"} if letter.code is not None else {}
    return EmailMessage(
        subject=words(f"mail.{letter.kind}.subject"),
        body=words(f"mail.{letter.kind}.body", hub=address_of_hub(), **values),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[letter.address],
        headers={
            "Message-ID": f"<{letter.id}@{settings.DEFAULT_FROM_EMAIL.rpartition('@')[2]}>",
            "Content-Language": words.language,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Precedence": "bulk",
        },
    )


def address_of_hub() -> str:
    """Where members sign in."""
    if settings.ORTOO_IS_PUBLIC:
        return f"https://{settings.ORTOO_RP_ID}"
    network = json.loads((Path(settings.ORTOO_PRACTICE_DIR) / "network.json").read_text(encoding="utf-8"))
    return str(network["hub"])
