"""`manage.py serve` of an application that answers whom it takes the client for. The server is the hub's own."""

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402

from hub import serving  # noqa: E402


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})
        return
    client = scope["client"]
    body = json.dumps({"client": client and client[0], "scheme": scope["scheme"]}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


kind, where = sys.argv[1:]
listener = serving.at_path(Path(where)) if kind == "--socket" else serving.at_port("127.0.0.1", int(where))
serving.server(application, settings.ORTOO_TRUSTED_PROXY).run(sockets=[listener])
