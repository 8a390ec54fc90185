"""A real Chromium that needs neither root nor anything of the system.

It comes as an npm package, with the libraries that a bare Debian lacks; fonts come as another one. Both are unpacked
once, under web/node_modules. Its own recommended flags are not taken: they switch the web's security off.
"""

import fcntl
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from playwright.async_api import Browser, Playwright, async_playwright

from tests.web.node import PACKAGES, node, run

PACKAGE: Final = PACKAGES / "@sparticuz" / "chromium"
FONTS: Final = PACKAGES / "@expo-google-fonts" / "noto-sans"
UNPACKED: Final = PACKAGES / ".cache" / "chromium"  # goes with node_modules whenever that is made anew

FLAGS: Final = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]

INFLATE: Final = """
const { createReadStream, createWriteStream } = require("node:fs");
const { pipeline } = require("node:stream/promises");
const { createBrotliDecompress } = require("node:zlib");
const [packed, unpacked] = process.argv.slice(1);
const inflate = (from, to) =>
  pipeline(createReadStream(`${packed}/${from}`), createBrotliDecompress(), createWriteStream(`${unpacked}/${to}`));
Promise.all([inflate("chromium.br", "chromium"), inflate("al2023.tar.br", "libraries.tar")]);
"""


def unpacked() -> Path:
    """The folder with `chromium` and `libraries/`; made by the first who asks, while the others wait."""
    UNPACKED.parent.mkdir(exist_ok=True)
    lock = os.open(UNPACKED.parent, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not UNPACKED.exists():
            half = UNPACKED.with_name("chromium.new")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            done = run(node(), "-e", INFLATE, PACKAGE / "bin", half)
            if done.returncode:
                raise RuntimeError(f"Chromium cannot be unpacked: {done.stdout}")
            with tarfile.open(half / "libraries.tar") as archive:
                archive.extraction_filter = lambda member, _: member  # pinned by hash in package-lock.json
                archive.extractall(half / "libraries")  # noqa: S202
            (half / "libraries.tar").unlink()
            (half / "chromium").chmod(0o755)
            half.rename(UNPACKED)
    finally:
        os.close(lock)
    return UNPACKED


@contextmanager
def home() -> Iterator[Path]:
    """A private folder for what a Chromium writes, with the settings of its fonts in it."""
    with tempfile.TemporaryDirectory(prefix="ortoo-browser-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "fonts.conf").write_text(
            f"<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig><dir>{escape(str(FONTS))}</dir>"
            f"<cachedir>{escape(name)}/fonts</cachedir></fontconfig>",
            encoding="utf-8",
        )
        yield folder


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Playwright, run by the Node of set-up: its own asks for a library (libatomic) that a bare Debian lacks."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node())
    async with async_playwright() as playwright:
        yield playwright


async def start(playwright: Playwright, folder: Path) -> Browser:
    """Start it; `folder` is its `home()`."""
    programs = unpacked()
    return await playwright.chromium.launch(
        executable_path=programs / "chromium",
        args=FLAGS,
        chromium_sandbox=False,  # it runs as root too, and in containers that forbid namespaces
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "LANG": "C.UTF-8",
            "LD_LIBRARY_PATH": str(programs / "libraries" / "lib"),
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        },
    )
