"""The command line without a hub: help, and each way in which it is used wrongly."""

import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import SCENARIO, Ortoo
from tests.warm import CLI


def test_help_is_there_at_once_in_both_languages(alone: Ortoo) -> None:
    code = (
        "import sys; from ortoo.cli import main; main(['--help']);"
        "assert not {'httpx', 'rich', 'websockets', 'cryptography'} & set(sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=alone.environment)
    assert run.returncode == 0, run.stderr
    assert "ask the sender for more" in run.stdout
    mongolian = alone("--help", "--lang", "mn").stdout
    assert "илгээгчээс нэмж асуух" in mongolian
    assert "хэрэглээ" in mongolian
    for command in (
        "send",
        "resend",
        "inbox",
        "show",
        "open",
        "follow",
        "accept",
        "hand-back",
        "recall",
        "confirm-deletion",
    ):
        assert alone(command, "--help").returncode == 0


def test_it_needs_no_django() -> None:
    code = (
        "import sys; sys.modules['django'] = None; import ortoo.cli.running, ortoo.cli.commands, ortoo.session;"
        "assert not [m for m in sys.modules if m.startswith(('django.', 'graphene', 'channels'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_command_shows_the_help(alone: Ortoo) -> None:
    run = alone()
    assert run.returncode == 2
    assert "ortoo" in run.stdout


def test_without_a_practice_network_it_says_how_to_get_one(alone: Ortoo) -> None:
    run = alone("--as", "mgec.delger", "inbox")
    assert run.returncode == 2
    assert "make run" in run.stderr
    assert alone("inbox").returncode == 2


def test_wrong_arguments_end_with_two(alone: Ortoo) -> None:
    for arguments in (
        ["fly"],
        ["decline", "abcd1234"],
        ["close", "abcd", "--outcome", "happy"],
        ["inbox", "--first", "0"],
    ):
        run = alone("--lang", "mn", *arguments)
        assert run.returncode == 2, arguments
        assert "алдаа" in run.stderr
        assert "Traceback" not in run.stderr


def test_a_form_that_cannot_be_read_names_the_field_and_not_the_value(alone: Ortoo, tmp_path: Path) -> None:
    text = SCENARIO.read_text(encoding="utf-8").replace('"urgency": "immediate"', '"urgency": "Цэцэгмаа"')
    (tmp_path / "form.json").write_text(text, encoding="utf-8")
    run = alone("send", str(tmp_path / "form.json"), "--yes", "--as", "mrc.nara", "--lang", "en")
    assert run.returncode == 2
    assert run.stderr.strip() == "Not done: The form, routing.urgency: the vocabulary has no such code"
    missing = alone("send", str(tmp_path / "none.json"), "--yes", "--as", "mrc.nara", "--lang", "en")
    assert (missing.returncode, "no such file" in missing.stderr) == (2, True)


def test_output_that_nobody_reads_is_no_traceback(alone: Ortoo) -> None:
    with subprocess.Popen(
        [CLI, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=alone.environment
    ) as run:
        assert run.stdout
        assert run.stderr
        run.stdout.close()
        assert b"Traceback" not in run.stderr.read()
