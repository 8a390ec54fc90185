"""Where requests go: /graphql over HTTP and WebSocket, the health checks, the client's files; Django for the rest."""

import asyncio
import os
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
django_application = get_asgi_application()  # before the rest, which needs Django set up

from hub import log_files, threads  # noqa: E402
from hub.health import health  # noqa: E402
from hub.http import GraphQLOverHTTP, headers_of, is_our_host  # noqa: E402
from hub.pages import Pages  # noqa: E402
from hub.sockets import GraphQLSocket  # noqa: E402
from notifications import push  # noqa: E402
from ortoo.protocol import hpke  # noqa: E402

hpke.self_check()

_graphql = GraphQLOverHTTP()
_socket = GraphQLSocket.as_asgi()
_pages = Pages(settings.BASE_DIR / "web" / "dist", settings.ORTOO_LEAVE_SITE)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    loop = asyncio.get_running_loop()
    threads.serve(loop)
    push.serve(loop)
    path = scope.get("path")
    match scope["type"]:
        case "http" if path == "/graphql":
            await _graphql(scope, receive, send)
        case "http" if path in ("/healthz", "/readyz"):
            await health(scope, receive, send)
        case "http" if _pages.has(scope["path"]) and _is_ours(scope):
            await _pages(scope, send)
        case "http" if log_files.has(path) and _is_ours(scope):
            await log_files.serve(scope, send)
        case "http":
            await django_application(scope, receive, send)
        case "websocket" if path == "/graphql":
            await _socket(scope, receive, send)
        case "websocket":
            await send({"type": "websocket.close", "code": 4404})
        case "lifespan":
            await _lifespan(receive, send)


def _is_ours(scope: dict[str, Any]) -> bool:
    """Under our name, and by https where the hub is a public one. Django answers whoever asks otherwise."""
    return is_our_host(headers_of(scope)) and (scope["scheme"] == "https" or not settings.ORTOO_IS_PUBLIC)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
