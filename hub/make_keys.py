"""`python -m hub.make_keys FOLDER`: the hub's four secrets, made once, never overwritten. Needs no settings."""

import os
import sys
from pathlib import Path

from hub.configuration import KEY_FILES, make_file, make_secret_key
from ortoo.protocol.documents import SigningKey, b64


def make(folder: Path) -> list[str]:
    """Make what is missing; the names of what was made."""
    made = []
    for name in KEY_FILES.values():
        path = folder / name
        if path.exists():
            continue
        if name == "secret_key":
            make_secret_key(path)
        else:
            make_file(path, b64(SigningKey.generate().seed))
        made.append(name)
    return made


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise SystemExit("usage: python -m hub.make_keys FOLDER")
    os.umask(0o077)
    folder = Path(arguments[0])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        made = make(folder)
    except OSError as error:
        raise SystemExit(f"The keys cannot be made in {folder}: {error.strerror}.") from None
    for name in KEY_FILES.values():
        print(f"{folder / name}: {'made' if name in made else 'kept as it is'}")


if __name__ == "__main__":
    main(sys.argv[1:])
