"""GraphQL over a WebSocket: the graphql-transport-ws subprotocol (enisdenjo/graphql-ws, PROTOCOL.md).

Whether the member may still be served is looked at on each delivery and every few seconds: a member who has left, or a
token that was revoked, ends the stream and closes the socket.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any, Final

from channels.generic.websocket import AsyncWebsocketConsumer
from graphql import ExecutionResult, OperationType, subscribe

from agencies import signing_in
from agencies.signing_in import Actor
from hub import answering, documents, errors, threads
from hub.answering import Context, Parameters
from hub.documents import Prepared
from hub.errors import BadRequest
from hub.http import check_host, headers_of, token_of
from hub.schema import schema

SUBPROTOCOL: Final = "graphql-transport-ws"
INIT_WITHIN: Final = 10.0  # seconds
LOOK_EVERY: Final = 5.0  # seconds between looks at whether the member may still be served
MAX_OPERATIONS: Final = 32  # at once on one socket
MAX_MESSAGE: Final = 32 * 1024 * 1024  # characters

BAD_MESSAGE, SIGNED_OUT, FORBIDDEN, SUBPROTOCOL_REFUSED = 4400, 4401, 4403, 4406
INIT_TIMEOUT, ID_IN_USE, TOO_MANY = 4408, 4409, 4429


class GraphQLSocket(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket. Its operations are tasks, all of which end with it, however it ends."""

    channel_layer_alias = "none: one listener a process feeds all sockets (notifications/push.py)"

    async def connect(self) -> None:
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._token: str | None = None
        self._actor: Actor | None = None
        self._initialised = self._acknowledged = False
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

    async def disconnect(self, code: int) -> None:
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
                pass
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
            self._token = token_of(payload.get("authorization") if isinstance(payload, dict) else None)
        except BadRequest:
            await self.close(SIGNED_OUT)
            return
        if self._token is not None:
            self._actor = await threads.read(signing_in.actor_of, self._token)
            if self._actor is None:
                await self.close(SIGNED_OUT)
                return
            self._start(self._look())
        self._acknowledged = True
        await self._say({"type": "connection_ack"})

    async def _look(self) -> None:
        """Close the socket soon after its member may no longer be served, also where nothing is delivered."""
        while await self._is_still_served():
            await asyncio.sleep(LOOK_EVERY)

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
        try:
            parameters = Parameters.of(payload)
            prepared = documents.prepare(parameters.query, parameters.operation_name)
            if prepared.kind is OperationType.SUBSCRIPTION:
                await self._stream(id, prepared, parameters, request_id)
            else:
                answer = await answering.answer(prepared, parameters, self._token, request_id)
                await self._say({"type": "next", "id": id, "payload": answer})
        except BadRequest as bad:
            await self._say({"type": "error", "id": id, "payload": bad.errors})
        except asyncio.CancelledError:
            raise
        except Exception as error:
            told = errors.of_exception(error, request_id=request_id)
            await self._say({"type": "error", "id": id, "payload": [told]})
        else:
            await self._say({"type": "complete", "id": id})
        finally:
            if self._operations.get(id) is asyncio.current_task():
                del self._operations[id]

    async def _stream(self, id: str, prepared: Prepared, parameters: Parameters, request_id: str) -> None:
        if self._actor is None and not prepared.is_for_anybody():
            raise errors.not_signed_in()
        documents.coerce(prepared, parameters.variables)
        stream = await subscribe(
            schema.graphql_schema,
            prepared.document,
            context_value=Context(self._actor, request_id),
            variable_values=parameters.variables,
            operation_name=prepared.name,
        )
        if isinstance(stream, ExecutionResult):
            raise BadRequest(errors.of_execution(stream.errors or [], request_id=request_id))
        try:
            async for result in stream:
                if not await self._is_still_served():
                    return
                await self._say({"type": "next", "id": id, "payload": answering.told(result, prepared, request_id)})
        finally:
            await _close(stream)

    # --- small steps --------------------------------------------------------------------------------------------------

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _say(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message, ensure_ascii=False, separators=(",", ":"), default=str))


async def _close(stream: AsyncIterator[Any]) -> None:
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def _parse(text: str | None) -> dict[str, Any] | None:
    if text is None or len(text) > MAX_MESSAGE:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None
