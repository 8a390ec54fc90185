"""What a hub is told: each wrong setting is named with what to do, all at once, and no value is ever repeated."""

import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hub import configuration, make_keys
from hub.configuration import Configuration, Wrong
from tests.stores import REPOSITORY

REAL = {
    "DATABASE_URL": "postgresql://ortoo:correct-horse@db.ortoo.example/ortoo",
    "REDIS_URL": "redis://:battery-staple@redis.ortoo.example/0",
    "ORTOO_ALLOWED_HOSTS": "hub.ortoo.example, hub.ortoo.mn",
    "ORTOO_TRUSTED_PROXY": "unix",
}


@pytest.fixture
def real(tmp_path: Path) -> dict[str, str]:
    """The settings of a production hub, with key files made as an installation makes them."""
    assert make_keys.make(tmp_path / "keys") == ["secret_key", "hub.key", "directory.key", "activity.key"]
    files = {name: str(tmp_path / "keys" / file) for name, file in configuration.KEY_FILES.items()}
    return REAL | files


def read(given: Mapping[str, str]) -> Configuration:
    return configuration.read(given, Path("/nowhere"))


def problems(given: Mapping[str, str]) -> dict[str, str]:
    with pytest.raises(Wrong) as raised:
        read(given)
    return raised.value.problems


def manage(given: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ORTOO_", "DATABASE", "REDIS", "EMAIL", "FILES"))
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env=environment | given,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_production_hub_gets_what_it_was_told(real: dict[str, str]) -> None:
    told = read(real | {"ORTOO_THREADS": "12"})
    assert told.practice is None
    assert told.is_public
    assert told.database_url == REAL["DATABASE_URL"]
    assert told.redis_url == REAL["REDIS_URL"]
    assert told.allowed_hosts == ("hub.ortoo.example", "hub.ortoo.mn")
    assert told.trusted_proxy == ("unix",)
    assert told.writers == 12
    assert read(real).writers == 8
    assert told.secret_key == Path(real["ORTOO_SECRET_KEY_FILE"]).read_text().strip()
    for secret in ("correct-horse", "battery-staple", told.secret_key):
        assert secret not in repr(told)


def test_djangos_own_check_for_production_is_clean(real: dict[str, str]) -> None:
    checked = manage(real, "check", "--deploy", "--fail-level", "WARNING")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "System check identified no issues (0 silenced).\n"


def test_that_check_would_find_something_in_a_practice_hub(tmp_path: Path) -> None:
    checked = manage({"ORTOO_PRACTICE_DIR": str(tmp_path)}, "check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 1
    assert "security.W004" in checked.stderr  # HSTS


def test_whoever_forgot_everything_is_told_everything_at_once() -> None:
    tried = manage({"ORTOO_ALLOWED_HOSTS": "hub.ortoo.example"}, "serve", "--port", "0")
    assert tried.returncode == 1
    assert tried.stdout == ""
    first, *rest = tried.stderr.splitlines()
    assert first == "The hub does not start. Change these settings:"
    assert [line.split()[0] for line in rest] == [
        "DATABASE_URL",
        "REDIS_URL",
        "ORTOO_TRUSTED_PROXY",
        "ORTOO_SECRET_KEY_FILE",
        "ORTOO_HUB_KEY_FILE",
        "ORTOO_DIRECTORY_LOG_KEY_FILE",
        "ORTOO_ACTIVITY_LOG_KEY_FILE",
    ]
    assert all(" is missing: " in line for line in rest)


def test_all_that_is_wrong_is_named_at_once_and_no_value_is_repeated(real: dict[str, str]) -> None:
    wrong = {
        "DATABASE_URL": "mysql://ortoo:S3cretA@db/ortoo",
        "REDIS_URL": "S3cretB",
        "ORTOO_ALLOWED_HOSTS": "*,S3cretC",
        "ORTOO_TRUSTED_PROXY": "S3cretD",
        "ORTOO_SECRET_KEY_FILE": "S3cretE",  # the secret itself, where its file belongs
        "ORTOO_HUB_KEY_FILE": "S3cretF",
        "ORTOO_DIRECTORY_LOG_KEY_FILE": "S3cretG",
        "ORTOO_ACTIVITY_LOG_KEY_FILE": "S3cretI",
        "ORTOO_THREADS": "S3cretH",
    }
    tried = manage(wrong, "check")
    assert tried.returncode == 1
    assert [line.split()[0] for line in tried.stderr.splitlines()[1:]] == list(wrong)
    assert "S3cret" not in tried.stderr + tried.stdout


@pytest.mark.parametrize("name", [*REAL, *configuration.KEY_FILES])
def test_each_that_is_missing_is_named(real: dict[str, str], name: str) -> None:
    for missing in ({**real, name: ""}, {key: value for key, value in real.items() if key != name}):
        found = problems(missing)
        assert list(found) == [name]
        assert found[name].startswith("is missing: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite:////var/lib/ortoo/hub.sqlite3"),
        ("DATABASE_URL", "postgresql://db.ortoo.example"),
        ("DATABASE_URL", "postgresql://db.ortoo.example:many/ortoo"),
        ("REDIS_URL", "http://redis.ortoo.example"),
        ("REDIS_URL", "redis://"),
        ("ORTOO_ALLOWED_HOSTS", "*"),
        ("ORTOO_ALLOWED_HOSTS", "https://hub.ortoo.example"),
        ("ORTOO_ALLOWED_HOSTS", ","),
        ("ORTOO_TRUSTED_PROXY", "*"),
        ("ORTOO_TRUSTED_PROXY", "proxy.ortoo.example"),
        ("ORTOO_TRUSTED_PROXY", "0.0.0.0/0"),
        ("ORTOO_TRUSTED_PROXY", "10.0.0.0/8"),
        ("ORTOO_TRUSTED_PROXY", "::/0"),
        ("ORTOO_TRUSTED_PROXY", "unix,127.0.0.1"),
        ("ORTOO_THREADS", "0"),
        ("ORTOO_THREADS", "65"),
        ("ORTOO_THREADS", "-1"),
        ("ORTOO_THREADS", "eight"),
        ("ORTOO_TRUSTED_DOCUMENTS", "on"),
        ("ORTOO_TRUSTED_DOCUMENTS", "YES"),
        ("ORTOO_LEAVE_SITE", "http://news.example"),
        ("ORTOO_LEAVE_SITE", "https://somebody:secret@news.example"),
        ("ORTOO_LEAVE_SITE", "https://news.example/\r\nSet-Cookie: a=b"),
        ("ORTOO_LEAVE_SITE", "javascript:alert(1)"),
    ],
)
def test_each_that_is_wrong_is_named(real: dict[str, str], name: str, value: str) -> None:
    found = problems(real | {name: value})
    assert list(found) == [name]
    assert found[name] == f"is wrong: set it to {configuration.WHAT[name]}."


def test_leave_leads_where_the_hub_says(real: dict[str, str]) -> None:
    assert read(real).leave_site == "https://mn.wikipedia.org/"
    assert read(real | {"ORTOO_LEAVE_SITE": "https://news.example/weather?at=ub"}).leave_site.endswith("?at=ub")


def test_pages_are_held_to_our_documents_but_in_practice(real: dict[str, str], tmp_path: Path) -> None:
    assert read(real).trusted_documents
    assert not read(real | {"ORTOO_TRUSTED_DOCUMENTS": "no"}).trusted_documents
    practising = {"ORTOO_PRACTICE_DIR": str(tmp_path / "practice")}
    assert not read(practising).trusted_documents
    assert read(practising | {"ORTOO_TRUSTED_DOCUMENTS": "yes"}).trusted_documents


@pytest.mark.parametrize(("value", "kept"), [("127.0.0.1", "127.0.0.1/32"), ("10.1.0.0/16", "10.1.0.0/16")])
def test_a_proxy_may_be_an_address_or_a_network(real: dict[str, str], value: str, kept: str) -> None:
    assert read(real | {"ORTOO_TRUSTED_PROXY": value}).trusted_proxy == (kept,)


def test_an_older_secret_stays_below_the_new_one(real: dict[str, str]) -> None:
    path = Path(real["ORTOO_SECRET_KEY_FILE"])
    before = path.read_text().strip()
    path.write_text(f"{before[::-1]}\n{before}\n")
    told = read(real)
    assert (told.secret_key, told.older_secret_keys) == (before[::-1], (before,))
    assert before not in repr(told)
    path.write_text(f"{before}\nshort\n")
    assert list(problems(real)) == ["ORTOO_SECRET_KEY_FILE"]


@pytest.mark.parametrize("name", configuration.KEY_FILES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o644])
def test_a_key_that_others_may_read_or_change_is_refused(real: dict[str, str], name: str, mode: int) -> None:
    Path(real[name]).chmod(mode)
    assert list(problems(real)) == [name]
    assert "others may read or change" in problems(real)[name]
    Path(real[name]).chmod(0o400)
    assert read(real).secret_key


@pytest.mark.parametrize("name", configuration.KEY_FILES)
@pytest.mark.parametrize("content", ["", "short", "a" * 50, "not base64url! " * 5])
def test_a_key_file_that_holds_no_key_is_refused(real: dict[str, str], name: str, content: str) -> None:
    if name == "ORTOO_SECRET_KEY_FILE" and content.startswith("not"):
        content = "django-insecure-" + "0123456789abcdef" * 4
    Path(real[name]).write_text(content)
    assert list(problems(real)) == [name]
    assert "holds something else" in problems(real)[name]


def test_a_folder_and_a_file_that_is_not_there_are_no_keys(real: dict[str, str], tmp_path: Path) -> None:
    found = problems(
        real | {"ORTOO_HUB_KEY_FILE": str(tmp_path), "ORTOO_DIRECTORY_LOG_KEY_FILE": str(tmp_path / "gone")}
    )
    assert found["ORTOO_HUB_KEY_FILE"] == "names a file that the hub cannot read: give it to the hub's user, mode 0400."
    assert found["ORTOO_DIRECTORY_LOG_KEY_FILE"].startswith("names a file that is not there")


def test_what_holds_a_password_may_stand_in_a_file(real: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "database_url"
    file.write_text(real.pop("DATABASE_URL") + "\n")
    file.chmod(0o400)
    real["DATABASE_URL_FILE"] = str(file)
    assert read(real).database_url == REAL["DATABASE_URL"]

    assert list(problems(real | {"DATABASE_URL": REAL["DATABASE_URL"]})) == ["DATABASE_URL"]  # twice: which one?
    file.chmod(0o444)
    assert list(problems(real)) == ["DATABASE_URL_FILE"]
    file.chmod(0o600)
    file.write_text("mysql://correct-horse@db/ortoo")
    assert "correct-horse" not in problems(real)["DATABASE_URL_FILE"]


MAIL = {"EMAIL_URL": "smtp://ortoo:stap%40le@mail.ortoo.example", "ORTOO_EMAIL_FROM": "ortoo@ortoo.example"}


def test_a_mail_server_may_be_named(real: dict[str, str], tmp_path: Path) -> None:
    assert read(real).mail_server is None  # and then no e-mail is sent
    told = read(real | MAIL)
    assert told.mail_server is not None
    assert vars(told.mail_server) == {
        "host": "mail.ortoo.example",
        "port": 587,
        "user": "ortoo",
        "password": "stap@le",
        "tls": "starttls",
        "timeout": 30,
    }
    assert told.mail_from == "ortoo@ortoo.example"
    assert "stap@le" not in repr(told)
    implicit = read(real | MAIL | {"EMAIL_URL": "smtps://mail.ortoo.example?timeout=5"}).mail_server
    assert implicit is not None
    assert (implicit.port, implicit.tls, implicit.timeout, implicit.user) == (465, "smtps", 5, "")
    local = read(real | MAIL | {"EMAIL_URL": "smtp://localhost:25?tls=no"}).mail_server
    assert local is not None
    assert (local.port, local.tls) == (25, "none")
    file = tmp_path / "email_url"
    file.write_text(MAIL["EMAIL_URL"] + "\n")
    file.chmod(0o400)
    from_file = {"EMAIL_URL_FILE": str(file), "ORTOO_EMAIL_FROM": MAIL["ORTOO_EMAIL_FROM"]}
    assert read(real | from_file).mail_server == told.mail_server
    assert list(problems(real | {"EMAIL_URL_FILE": str(file)})) == ["ORTOO_EMAIL_FROM"]


@pytest.mark.parametrize(
    "url",
    [
        "mail.ortoo.example",
        "http://mail.ortoo.example",
        "smtp://",
        "smtp://ortoo:S3cret@mail.ortoo.example?tls=no",
        "smtp://mail.ortoo.example?tls=maybe",
        "smtps://localhost?tls=no",
        "smtp://mail.ortoo.example?timeout=0",
        "smtp://mail.ortoo.example?timeout=soon",
        "smtp://mail.ortoo.example?starttls=yes",
        "smtp://mail.ortoo.example/inbox",
        "smtp://mail.ortoo.example:many",
    ],
)
def test_a_mail_server_that_is_none_or_would_be_told_in_the_clear_is_refused(real: dict[str, str], url: str) -> None:
    found = problems(real | MAIL | {"EMAIL_URL": url})
    assert list(found) == ["EMAIL_URL"]
    assert "S3cret" not in found["EMAIL_URL"]


@pytest.mark.parametrize("address", ["ortoo", "ortoo@", "Ortoo <ortoo@ortoo.example>", "a@b.example\nBcc: c@d.example"])
def test_an_address_that_is_none_is_refused(real: dict[str, str], address: str) -> None:
    assert list(problems(real | MAIL | {"ORTOO_EMAIL_FROM": address})) == ["ORTOO_EMAIL_FROM"]


def test_a_practice_hub_needs_nothing(tmp_path: Path) -> None:
    told = configuration.read({}, tmp_path / "practice")
    assert told.practice == tmp_path / "practice"
    assert not told.is_public
    assert told.database_url == f"sqlite://{tmp_path}/practice/hub.sqlite3"
    assert told.redis_url is None
    assert told.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")
    secret = tmp_path / "practice" / "hub" / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert configuration.read({}, tmp_path / "practice").secret_key == told.secret_key


def test_a_practice_network_that_is_served_to_others_is_held_to_what_a_real_one_is(
    real: dict[str, str], tmp_path: Path
) -> None:
    assert read(real | {"ORTOO_PRACTICE_DIR": str(tmp_path)}).practice == tmp_path
    served = {"ORTOO_PRACTICE_DIR": str(tmp_path), "ORTOO_TRUSTED_PROXY": "unix"}
    assert list(problems(served)) == ["DATABASE_URL", "REDIS_URL", "ORTOO_ALLOWED_HOSTS"]


def test_an_empty_practice_folder_is_no_practice_hub() -> None:
    assert set(problems({"ORTOO_PRACTICE_DIR": ""})) == {*REAL, *configuration.KEY_FILES}


def test_serve_refuses_a_practice_hub(tmp_path: Path) -> None:
    tried = manage({"ORTOO_PRACTICE_DIR": str(tmp_path)}, "serve", "--port", "0")
    assert tried.returncode == 1
    assert tried.stderr.startswith("CommandError: The settings are those of a practice hub")
    assert tried.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("proxy", "where", "said"),
    [
        ("unix", ["--port", "0"], "ORTOO_TRUSTED_PROXY must be `unix` for a hub that listens at a unix socket"),
        ("127.0.0.1", ["--socket", "{folder}/hub.sock"], "ORTOO_TRUSTED_PROXY must be `unix`"),
        ("unix", ["--socket", "{folder}/none/hub.sock"], "The hub cannot listen there: "),
        ("unix", [], "Where should the hub listen?"),
    ],
)
def test_serve_says_where_it_cannot_listen(
    real: dict[str, str], tmp_path: Path, proxy: str, where: list[str], said: str
) -> None:
    arguments = [one.format(folder=tmp_path) for one in where]
    tried = manage(real | {"ORTOO_TRUSTED_PROXY": proxy}, "serve", *arguments)
    assert tried.returncode == 1
    assert tried.stderr.startswith(f"CommandError: {said}")
    assert tried.stderr.count("\n") == 1


def test_keys_are_made_once_and_never_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    command = [sys.executable, "-m", "hub.make_keys", str(folder)]
    made = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60).stdout
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert sorted(files) == ["activity.key", "directory.key", "hub.key", "secret_key"]
    assert len(set(files.values())) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made.count(": made\n") == 4
    assert not [content for content in files.values() if content.strip() in made]

    (folder / "hub.key").unlink()
    again = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60).stdout
    assert again.count("kept as it is") == 3
    assert (folder / "secret_key").read_text() == files["secret_key"]
    assert (folder / "hub.key").read_text() != files["hub.key"]
