"""What deploy/ ships besides nginx: units, the installer, the container files. Each is read by what would read it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from hub.configuration import WHAT
from tests.deploy.served import DEPLOY, TEMPLATE, rendered
from tests.stores import REPOSITORY

INSTALLER = DEPLOY / "install.sh"
CODE = "/usr/local/lib/ortoo/current"

HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "PrivateUsers": "yes",
    "PrivateNetwork": "yes",
    "RestrictAddressFamilies": "AF_UNIX",
    "ProtectProc": "invisible",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "CapabilityBoundingSet": "",
    "SystemCallArchitectures": "native",
    "LimitCORE": "0",
    "UMask": "0077",
}


def unit(name: str) -> dict[str, dict[str, list[str]]]:
    """The sections of a unit; a directive may stand more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] = {}
    for line in (DEPLOY / "systemd" / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = sections.setdefault(found[1], {})
            continue
        key, equals, value = line.partition("=")
        assert equals, f"{name}: {line!r} is neither a section nor a directive"
        section.setdefault(key, []).append(value)
    return sections


def install(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", INSTALLER, *arguments], env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


@pytest.fixture(scope="module")
def dry_run() -> str:
    run = install("--host", "hub.ortoo.example", "--processes", "3", "--dry-run")
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout


def written(dry_run: str, path: str) -> str:
    """What the dry run says that it would write there."""
    (after,) = re.findall(rf"^   write {re.escape(path)} \(.*\)\n((?:   \| ?.*\n)*)", dry_run, re.MULTILINE)
    return "".join(line.removeprefix("   | ") + "\n" for line in after.splitlines())


# --- units ------------------------------------------------------------------------------------------------------------


STATE: Final = {"ortoo-work.service": ["ortoo"], "ortoo-hub@.service": ["ortoo/files"]}  # where alone they may write
SERVICES: Final = ("ortoo-hub@.service", "ortoo-work.service")


@pytest.mark.parametrize("name", SERVICES)
def test_a_process_of_the_hub_may_do_next_to_nothing(name: str) -> None:
    service = unit(name)["Service"]
    for directive, value in HARDENED.items():
        assert service.get(directive) == [value], directive
    assert service["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert service["User"] == service["Group"] == ["ortoo"]
    for opening in ("ReadWritePaths", "BindPaths", "AmbientCapabilities"):
        assert not "".join(service.get(opening, []))
    # The worker writes the logs as plain files, the hub sealed files.
    assert service.get("StateDirectory", []) == STATE[name]


def test_a_socket_is_open_to_the_proxy_alone() -> None:
    socket = unit("ortoo-hub@.socket")["Socket"]
    assert socket["ListenStream"] == ["/run/ortoo/%i.sock"]
    assert (socket["SocketUser"], socket["SocketGroup"], socket["SocketMode"]) == (["ortoo"], ["www-data"], ["0660"])


def test_units_belong_together() -> None:
    service, socket = unit("ortoo-hub@.service"), unit("ortoo-hub@.socket")
    assert service["Unit"]["Requires"] == ["ortoo-hub@%i.socket"]
    for one in (service, socket, unit("ortoo-work.service")):
        assert one["Unit"]["PartOf"] == ["ortoo.target"]
        assert one["Install"]["WantedBy"] == ["ortoo.target"]
    assert unit("ortoo.target")["Install"]["WantedBy"] == ["multi-user.target"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_unit_names_is_what_the_installer_makes(dry_run: str, name: str) -> None:
    service = unit(name)["Service"]
    assert name in dry_run
    (start,) = service["ExecStart"]
    program, script, command = start.split()
    assert program == f"{CODE}/.venv/bin/python"
    assert service["WorkingDirectory"] == [CODE]
    (release,) = re.findall(rf"\$ ln -sfn (\S+) {re.escape(CODE)}\n", dry_run)
    assert f"$ python3 {release}/bootstrap.py\n" in dry_run  # makes .venv beside itself
    assert re.search(rf"\$ cp .* {re.escape(str(REPOSITORY / script))} {re.escape(release)}/\n", dry_run)
    assert (REPOSITORY / "hub" / "management" / "commands" / f"{command}.py").is_file()
    assert service["EnvironmentFile"] == ["/etc/ortoo/hub.env"]
    assert "write /etc/ortoo/hub.env (0640 root:ortoo)" in dry_run
    assert "/run/redis-ortoo/redis-server.sock" in written(dry_run, "/etc/redis/redis-ortoo.conf")


# --- the installer ----------------------------------------------------------------------------------------------------


def test_shellcheck_finds_nothing() -> None:
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert shellcheck
    checked = subprocess.run(
        [shellcheck, INSTALLER, DEPLOY / "ortoo-manage"], capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0, checked.stdout
    for script in (INSTALLER, DEPLOY / "ortoo-manage"):
        subprocess.run(["bash", "-n", script], check=True, timeout=10)
        assert os.access(script, os.X_OK)


def test_it_says_each_thing_in_its_order(dry_run: str) -> None:
    assert re.findall(r"^== ([\w ']+)", dry_run, re.MULTILINE) == [
        "Packages of the system",
        "The user that the hub runs as",
        "Folders",
        "The code",
        "The hub's keys",
        "Settings ",
        "PostgreSQL",
        "Redis",
        "The database's tables",
        "The new code in place of the old",
        "Services",
        "nginx",
        "Older code",
        "What the hub says of itself",
    ]
    assert dry_run.endswith("nothing was done: this was a dry run\n")


def test_a_dry_run_does_nothing(tmp_path: Path) -> None:
    """Every program that could change the machine is out of its reach, so it would fail if it called one."""
    programs = tmp_path / "bin"
    programs.mkdir()
    reading = (
        "bash cat cmp cut dirname dpkg-query find getent grep id printf readlink sed seq sha256sum sort stat tail tr wc"
        " xargs"
    )
    for name in reading.split():
        found = shutil.which(name)
        if found:  # what a system has not it does not change either
            (programs / name).symlink_to(found)
    run = install("--host", "hub.ortoo.example", "--dry-run", PATH=str(programs))
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


def test_what_it_is_not_told_stays_as_it_is(tmp_path: Path) -> None:
    """The installer, with folders of the test's own for the site and the units of an earlier run."""
    script = INSTALLER.read_text().replace("/etc/nginx", f"{tmp_path}/nginx").replace("/etc/systemd", f"{tmp_path}/sd")
    script = re.sub(r"^source=.*$", f"source={REPOSITORY}", script, flags=re.MULTILINE)
    installer = tmp_path / "install.sh"
    installer.write_text(script)

    def said(*arguments: str) -> str:
        command = ["bash", installer, "--host", "hub.ortoo.example", "--dry-run", *arguments]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        return run.stdout

    first = said()
    assert "== Services: 2 processes" in first
    assert "$ openssl req -x509" in first

    site, wants = tmp_path / "nginx" / "sites-available" / "ortoo", tmp_path / "sd" / "system" / "ortoo.target.wants"
    site.parent.mkdir(parents=True)
    wants.mkdir(parents=True)
    told = said("--processes", "3", "--certificate", "/real/chain.pem", "--certificate-key", "/real/key.pem")
    site.write_text(written(told, str(site)))
    for number in (1, 2, 3):
        (wants / f"ortoo-hub@{number}.service").touch()
    again = said()
    assert "== Services: 3 processes" in again
    assert f"{site} is as it should be" in again
    assert "openssl" not in again


def test_the_keys_are_for_the_hub_alone_and_settings_are_kept(dry_run: str) -> None:
    assert "install -d -m 0700 -o ortoo -g ortoo /etc/ortoo/keys" in dry_run
    assert "runuser -u ortoo -- .venv/bin/python -m hub.make_keys /etc/ortoo/keys" in dry_run
    assert written(dry_run, "/etc/ortoo/hub.env").splitlines() == [
        "DATABASE_URL=postgresql:///ortoo?host=/run/postgresql",
        "REDIS_URL=unix:///run/redis-ortoo/redis-server.sock",
        "ORTOO_ALLOWED_HOSTS=hub.ortoo.example",
        "ORTOO_TRUSTED_PROXY=unix",
        "ORTOO_SECRET_KEY_FILE=/etc/ortoo/keys/secret_key",
        "ORTOO_HUB_KEY_FILE=/etc/ortoo/keys/hub.key",
        "ORTOO_DIRECTORY_LOG_KEY_FILE=/etc/ortoo/keys/directory.key",
        "ORTOO_ACTIVITY_LOG_KEY_FILE=/etc/ortoo/keys/activity.key",
    ]


def test_a_hub_starts_with_the_settings_that_it_writes(dry_run: str, tmp_path: Path) -> None:
    lines = written(dry_run, "/etc/ortoo/hub.env").replace("/etc/ortoo", str(tmp_path)).splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    subprocess.run([sys.executable, "-m", "hub.make_keys", tmp_path / "keys"], cwd=REPOSITORY, check=True, timeout=60)
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    passed = {name: value for name, value in os.environ.items() if not name.startswith("ORTOO_")}
    subprocess.run(command, cwd=REPOSITORY, env=passed | environment, check=True, timeout=60)


def test_the_site_that_it_writes_is_the_one_that_is_tested(dry_run: str) -> None:
    assert written(dry_run, "/etc/nginx/sites-available/ortoo") == rendered(
        {
            "ORTOO_HOST": "hub.ortoo.example",
            "ORTOO_HUBS": " ".join(f"server unix:/run/ortoo/{number}.sock fail_timeout=1s;" for number in (1, 2, 3)),
            "ORTOO_HTTP_PORT": "80",
            "ORTOO_HTTPS_PORT": "443",
            "ORTOO_CERTIFICATE": "/etc/ortoo/tls/certificate.pem",
            "ORTOO_CERTIFICATE_KEY": "/etc/ortoo/tls/key.pem",
            "ORTOO_ACCESS_LOG": "/var/log/nginx/ortoo-access.log",
            "ORTOO_ERROR_LOG": "/var/log/nginx/ortoo-error.log",
        }
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "install.sh: say under which name the hub is reached: --host NAME\n"),
        (["--host"], "install.sh: --host needs a value.\n"),
        (["--host", "a b"], "install.sh: say under which name the hub is reached: --host NAME\n"),
        (["--host", "a.example", "--processes", "0"], "install.sh: --processes takes a number from 1 to 99.\n"),
        (["--host", "a.example", "--certificate", "/x"], "install.sh: --certificate needs --certificate-key.\n"),
    ],
)
def test_what_it_cannot_work_with_is_one_sentence(arguments: list[str], said: str) -> None:
    run = install(*arguments, "--dry-run") if arguments != ["--host"] else install(*arguments)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", said)


# --- containers -------------------------------------------------------------------------------------------------------


def check_compose(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", file]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_compose_file_is_one(tmp_path: Path) -> None:
    checked = check_compose(DEPLOY / "container" / "compose.yaml")
    assert checked.returncode == 0, checked.stdout

    broken = tmp_path / "compose.yaml"
    broken.write_text((DEPLOY / "container" / "compose.yaml").read_text().replace("cap_drop: [ALL]", "cap_drop: ALL"))
    assert check_compose(broken).returncode == 1


def test_the_compose_file_fills_in_every_place_of_the_site() -> None:
    text = (DEPLOY / "container" / "compose.yaml").read_text()
    for name in set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text())):
        assert re.search(rf"^      {name}: \S", text, re.MULTILINE), name


def test_the_image_holds_every_room_and_no_more() -> None:
    copied = re.findall(r"^COPY (?:\w+ )?(\w+)$", (DEPLOY / "container" / "Containerfile").read_text(), re.MULTILINE)
    rooms = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}
    assert set(copied) == rooms | {"graphql", "requirements", "vendor", "web"}
    left_out = (REPOSITORY / ".dockerignore").read_text().split()
    assert {"web/node_modules", "web/dist"} <= set(left_out)


def test_the_installer_takes_every_room(dry_run: str) -> None:
    copied = set(re.findall(rf"\$ cp \S+ \S+ {re.escape(str(REPOSITORY))}/(\S+) ", dry_run))
    rooms = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}
    assert rooms | {"manage.py", "bootstrap.py", "graphql", "requirements", "vendor"} <= copied
    assert "tests" not in copied
    client = {part.removeprefix("web/") for part in copied if part.startswith("web/")}
    assert {"app.html", "src", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"} <= client
    assert not {part for part in client if part.startswith(("node_modules", "dist", "tests"))}


def test_every_setting_is_explained() -> None:
    text = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE)
    assert set(explained) == {*WHAT, "ORTOO_PRACTICE_DIR"}
