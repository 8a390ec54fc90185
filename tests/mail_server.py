"""A mail server of a test's own: real SMTP over a real socket. What it does with a mail, the name in the address says.

refused@…   there is no such mailbox (550, when the recipient is named)
relay@…     it does not send mail there (554 5.7.1): the operator's to mend
later@…     not now (451)
hangs@…     it never answers; slow@… answers after it has taken the mail, a moment later
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP

SENDER: Final = "ortoo@hub.test"
ANSWERS: Final = {
    "refused": "550 5.1.1 <refused> is nobody here",
    "relay": "554 5.7.1 Relay access denied",
    "later": "451 4.3.0 Try again later",
}


@dataclass(frozen=True)
class Received:
    """A mail that the server has taken."""

    to: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.raw, policy=default))

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """`start` starts it again at the same port. pause: seconds between taking a mail and saying so."""

    pause: float = 0.0
    timeout: int = 2  # seconds that the hub gives it for each answer
    port: int = 0
    received: list[Received] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)  # each recipient that was named
    _loop: asyncio.AbstractEventLoop | None = None
    _server: Any = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a hub is told that sends through it."""
        url = f"smtp://127.0.0.1:{self.port}?tls=no&timeout={self.timeout}"
        return {"EMAIL_URL": url, "ORTOO_EMAIL_FROM": SENDER}

    def start(self) -> "MailServer":
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._server = self._done(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        """Nobody listens at its port."""
        self._done(self._close())

    def mails(self, to: str) -> list[Received]:
        """What it has taken for this address, in order."""
        return [one for one in list(self.received) if one.to == to]

    async def waits_for(self, to: str, count: int, within: float = 20) -> list[Received]:
        """Until it has taken so many for the address; fails where it took more."""
        await until(lambda: len(self.mails(to)) >= count, within)
        found = self.mails(to)
        assert len(found) == count, [one.id for one in found]
        return found

    # --- as aiosmtpd calls it -----------------------------------------------------------------------------------------

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.tried.append(address)
        name = address.partition("@")[0].partition("+")[0]
        if name == "hangs":
            await asyncio.sleep(3600)
        if name in ANSWERS:
            return ANSWERS[name]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        (to,) = envelope.rcpt_tos
        assert envelope.mail_from == SENDER
        self.received.append(Received(to, envelope.content))
        await asyncio.sleep(self.pause)
        return "250 OK"

    # --- its loop -----------------------------------------------------------------------------------------------------

    async def _listen(self) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: SMTP(self, hostname="mail.test", loop=loop), "127.0.0.1", self.port)

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def _done(self, work: Any) -> Any:
        assert self._loop is not None
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(10)


async def until(is_so: Callable[[], bool], within: float = 20) -> None:
    """Wait until it is so; TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not is_so():
            await asyncio.sleep(0.05)
