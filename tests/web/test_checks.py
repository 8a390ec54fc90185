"""The client's own checks, and that its build is the same bytes whenever and wherever it is made."""

import json
from pathlib import Path

import pytest

from tests.web.node import WEB, run


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "command",
    [("tsc", "--noEmit"), ("biome", "ci", "."), ("vitest", "run", "--maxWorkers=1")],
    ids=["types", "style", "tests"],
)
def test_the_client_passes_its_own(command: tuple[str, ...]) -> None:
    done = run(*command, seconds=390)
    assert done.returncode == 0, done.stdout


def test_the_build_is_the_same_twice_and_is_what_is_served(tmp_path: Path) -> None:
    elsewhere = {"TZ": "Asia/Ulaanbaatar", "LANG": "mn_MN.UTF-8"}
    first, second = (_built(tmp_path / name, **more) for name, more in (("one", {}), ("two", elsewhere)))
    assert first == second
    assert "app.html.br" in first
    assert first == _files(WEB / "dist"), "web/dist is of other sources: python3 bootstrap.py --test"


def test_a_build_over_its_budget_fails_with_the_figures(tmp_path: Path) -> None:
    """The same build, held to a budget that nothing can hold."""
    budgets = tmp_path / "budgets.json"
    loose = {"whole": 1_000_000, "shell": 1_000_000, "styles": 1_000_000, "later": []}
    tight = loose | {"whole": 10}
    budgets.write_text(
        json.dumps(
            {page: tight if page == "app.html" else loose for page in ("app.html", "clock.html", "receipt.html")}
        )
    )
    config = WEB / "vite.config.ts"
    settings = WEB / "node_modules" / ".vite-temp" / f"{tmp_path.name}.config.ts"
    settings.parent.mkdir(exist_ok=True)
    text = config.read_text().replace('here("budgets.json")', f'"{budgets}"').replace('"./scripts/', f'"{WEB}/scripts/')
    settings.write_text(text.replace("import.meta.url", f'"file://{config}"'))
    try:
        tried = run("vite", "build", "--config", str(settings), "--outDir", str(tmp_path / "out"))
    finally:
        settings.unlink()
    assert tried.returncode != 0
    assert "over the budget: app.html, whole: " in tried.stdout
    assert " of at most 10 bytes of brotli" in tried.stdout


def _built(folder: Path, **environment: str) -> dict[str, bytes]:
    done = run("vite", "build", "--outDir", str(folder), "--emptyOutDir", **environment)
    assert done.returncode == 0, done.stdout
    return _files(folder)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
