"""GraphQL over a WebSocket: the graphql-transport-ws subprotocol (enisdenjo/graphql-ws, PROTOCOL.md).

Whether the member may still be served is looked at on each delivery and every few seconds: a member who has left, or a
token that was revoked, ends the stream and closes the socket.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any, Final

import msgspec
from autobahn.exception import Disconnected
from channels.generic.websocket import AsyncWebsocketConsumer
from graphql import ExecutionResult, OperationType, subscribe
from uvicorn.protocols.utils import ClientDisconnected

from agencies import signing_in
from agencies.signing_in import Actor
from hub import answering, browsers, errors, threads
from hub.addresses import address_of
from hub.answering import Context, Parameters
from hub.browsers import Caller, SessionCookie
from hub.documents import Prepared
from hub.errors import BadRequest
from hub.http import check_host, headers_of, token_of
from hub.schema import schema
from notifications import push

SUBPROTOCOL: Final = "graphql-transport-ws"
INIT_WITHIN: Final = 10.0  # seconds
MAX_OPERATIONS: Final = 32  # at once on one socket
MAX_MESSAGE: Final = 1024 * 1024  # bytes, daphne's own bound in both directions: what is larger goes by HTTP
WINDOW: Final = 256 * 1024  # bytes that may be on their way to a client before it has to show that it reads
READS_WITHIN: Final = 30.0  # seconds

BAD_MESSAGE, SIGNED_OUT, FORBIDDEN, SUBPROTOCOL_REFUSED = 4400, 4401, 4403, 4406
INIT_TIMEOUT, ID_IN_USE, TOO_MANY = 4408, 4409, 4429
TOO_SLOW = 4499  # ours: the client does not read what it asked for


class GraphQLSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket. Its operations are tasks, all of which end with it, however it ends."""

    channel_layer_alias = "none: one listener a process feeds all sockets (notifications/push.py)"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._caller = Caller(None, "")
        self._actor: Actor | None = None
        self._initialised = self._acknowledged = False
        self._on_their_way = 0
        self._turn = asyncio.Lock()
        self._answered = asyncio.Event()
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._end_tasks()

    async def connect(self) -> None:
        try:
            check_host(headers_of(self.scope))
        except BadRequest:
            await self.close(FORBIDDEN)
            return
        if SUBPROTOCOL not in self.scope["subprotocols"]:
            await self.accept()  # so that the client sees the code, and not only that it failed
            await self.close(SUBPROTOCOL_REFUSED)
            return
        await self.accept(SUBPROTOCOL)
        self._start(self._await_init())

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        message = _parse(text_data)
        match message:
            case None:
                await self.close(BAD_MESSAGE)
            case {"type": "connection_init"}:
                await self._init(message.get("payload"))
            case {"type": "ping"}:
                await self._say({"type": "pong"})
            case {"type": "pong"}:
                self._answered.set()
            case {"type": "subscribe", "id": str(id), "payload": dict(payload)} if id:
                await self._subscribe(id, payload)
            case {"type": "complete", "id": str(id)}:
                task = self._operations.pop(id, None)
                if task is not None:
                    task.cancel()
            case _:
                await self.close(BAD_MESSAGE)

    # --- connecting ---------------------------------------------------------------------------------------------------

    async def _await_init(self) -> None:
        await asyncio.sleep(INIT_WITHIN)
        if not self._initialised:
            await self.close(INIT_TIMEOUT)

    async def _init(self, payload: Any) -> None:
        if self._initialised:
            await self.close(TOO_MANY)
            return
        self._initialised = True
        try:
            said = payload if isinstance(payload, dict) else {}
            token, member = token_of(said.get("authorization")), said.get("member")
            self._caller = browsers.caller_of(self.scope, token, address_of(self.scope), member)
        except BadRequest:
            await self.close(SIGNED_OUT)
            return
        if self._caller.token is not None:
            self._actor = await threads.read(signing_in.actor_of, self._caller.token)
            if self._actor is None:
                await self.close(SIGNED_OUT)
                return
            self._start(self._look())
        self._acknowledged = True
        await self._say({"type": "connection_ack"})

    async def _look(self) -> None:
        """Close the socket once its member may no longer be served, also where nothing is delivered."""
        assert self._actor is not None  # noqa: S101 - started for a member alone
        async with aclosing(push.nudges(self._actor.agency)) as nudges:
            async for _ in nudges:
                with suppress(Exception):  # the database is away: it is looked again, and a delivery looks by itself
                    if not await self._is_still_served():
                        return

    async def _is_still_served(self) -> bool:
        if self._actor is None or await threads.read(signing_in.still, self._actor):
            return True
        self._start(self.close(SIGNED_OUT))
        return False

    # --- operations ---------------------------------------------------------------------------------------------------

    async def _subscribe(self, id: str, payload: dict[str, Any]) -> None:
        if not self._acknowledged:
            await self.close(SIGNED_OUT)
        elif id in self._operations:
            await self.close(ID_IN_USE)
        elif len(self._operations) >= MAX_OPERATIONS:
            await self.close(TOO_MANY)
        else:
            self._operations[id] = self._start(self._operate(id, payload))

    async def _operate(self, id: str, payload: dict[str, Any]) -> None:
        request_id = secrets.token_hex(8)
        last: dict[str, Any] = {"type": "complete", "id": id}
        try:
            parameters = Parameters.of(payload)
            prepared = await answering.prepare(parameters, self._caller)
            if prepared.signs_in:
                browsers.check_sign_in(self.scope, self._caller)
            if prepared.kind is OperationType.SUBSCRIPTION:
                await self._stream(id, prepared, parameters, request_id)
            else:
                session = SessionCookie(self._caller)  # a socket tells no cookies
                answer = await answering.answer(prepared, parameters, request_id, self._caller, session)
                await self._give(id, answer)
        except BadRequest as bad:
            last = {"type": "error", "id": id, "payload": bad.errors}
        except Exception as error:
            last = {"type": "error", "id": id, "payload": [errors.of_exception(error, request_id=request_id)]}
        finally:  # before the last word: whoever has heard it may use the id again
            if self._operations.get(id) is asyncio.current_task():
                del self._operations[id]
        await self._say(last)

    async def _stream(self, id: str, prepared: Prepared, parameters: Parameters, request_id: str) -> None:
        if self._actor is None and not prepared.is_for_anybody:
            raise errors.not_signed_in()
        stream = await subscribe(
            schema.graphql_schema,
            prepared.document,
            context_value=Context(self._actor, request_id, self._caller.address, SessionCookie(self._caller)),
            variable_values=parameters.variables,
            operation_name=prepared.name,
        )
        if isinstance(stream, ExecutionResult):
            answering.refuse_variables(stream, prepared, parameters)
            raise BadRequest(errors.of_execution(stream.errors or [], request_id=request_id))
        try:
            async for result in stream:
                if not await self._is_still_served():
                    return
                await self._give(id, answering.told(result, request_id))
        finally:
            await _close(stream)

    # --- small steps --------------------------------------------------------------------------------------------------

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _give(self, id: str, answer: dict[str, Any]) -> None:
        """Send a result, as fast as the client reads: the server would keep in memory whatever it is given.

        Raises BadRequest where it is too large for a socket.
        """
        message = msgspec.json.encode({"type": "next", "id": id, "payload": answer})
        if len(message) > MAX_MESSAGE:
            raise BadRequest.because(
                "limit_exceeded", "This answer is too large for a socket. Ask for it over HTTP.", most=MAX_MESSAGE
            )
        async with self._turn:
            if self._on_their_way and self._on_their_way + len(message) > WINDOW:
                await self._until_it_has_read()
            self._on_their_way += len(message)
            await self._send(message)

    async def _until_it_has_read(self) -> None:
        """A ping comes after all that was sent, and so does the pong after all that was read."""
        self._answered.clear()
        await self._say({"type": "ping"})
        try:
            await asyncio.wait_for(self._answered.wait(), READS_WITHIN)
        except TimeoutError:
            self._start(self.close(TOO_SLOW))
            raise asyncio.CancelledError from None
        self._on_their_way = 0

    async def _say(self, message: dict[str, Any]) -> None:
        await self._send(msgspec.json.encode(message))

    async def _send(self, message: bytes) -> None:
        """To a client that is gone there is nothing to say; its operations end with the socket."""
        with suppress(Disconnected, ClientDisconnected):
            await self.send(text_data=message.decode())


async def _close(stream: AsyncIterator[Any]) -> None:
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MAX_MESSAGE:
        return None
    try:
        message = answering.from_json(text)
    except BadRequest:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None
