"""Installs packages into the virtual environment whose Python runs this file: `uv` does, or pip.

    python setup/install.py tools
    python setup/install.py torch REQUIREMENT [OPTIONS OF PIP ...]
    python setup/install.py app|test|docs

All packages are those of setup/lock, whose files are known by their SHA-256; what comes with
another one isn't installed, and that is an error. Nothing is resolved and nothing built with
packages that aren't locked. docs/packages.md says how torch differs.

uv installs several packages at a time, and finds the build of torch that fits this machine. Where
uv can't be had or fails, pip does the same; an error of pip is the error of this command.

uv compiles no bytecode: of some 20,000 files the app imports a quarter, and Python keeps the
bytecode of those when it first does.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pins
from pins import LOCK

ROOT = LOCK.parents[1]
PIP = [sys.executable, "-m", "pip"]
QUIET = ["-q", "--disable-pip-version-check", "--no-input"]
LOCKED = ["--no-deps", "--no-build-isolation", "--require-hashes"]
SETTINGS = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "constraint": ("UV_CONSTRAINT", " "),
    "proxy": ("ALL_PROXY", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
"""pip's settings of where packages come from, and uv's variables with what separates values."""
IMPATIENT = {"UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "5", "UV_HTTP_TIMEOUT": "10"}
"""What bounds the question whether PyTorch's index can be reached."""
PATIENCE_S = 30


FORGED = 3
"""The exit code where a file has another hash than the lock's."""
WRONG_HASH = (
    r"Hash mismatch for `([^`]+)`",
    r"DO NOT MATCH THE HASHES.*?\n\s+(\S+==\S+|\S+)(?: from| \()",
)
"""uv's words and pip's, with the package."""


def main(what: str, *given: str) -> int:
    """Install; returns the exit code."""
    if what == "torch":
        requirement, *options = given
        return torch(requirement, options)
    if what == "tools":
        return pip(*LOCKED, "-r", str(LOCK / "tools.txt"))
    if what == "app":
        return either([*LOCKED, "-r", str(LOCK / "app.txt")]) or project()
    return either([*LOCKED, "-r", str(LOCK / f"{what}.txt")])


def project() -> int:
    """Install this repository as it lies here."""
    return either(["--no-deps", "--no-build-isolation", "-e", str(ROOT)])


def torch(requirement: str, options: list[str]) -> int:
    """Install torch: the build for this machine, or where `options` of pip say."""
    if not options and is_installed(requirement):
        return 0
    if not options and sys.platform.startswith("linux"):
        given = ["--torch-backend", "auto", requirement]
        if has_uv() and reaches(given) and uv(*given) == 0:
            return 0
        print("torch can't be had from PyTorch's own index: it comes from pip's", flush=True)
    return torch_from_pip(requirement, options)


def torch_from_pip(requirement: str, options: list[str]) -> int:
    """Install the wheel that pip finds, if it is known or its source was named."""
    with tempfile.TemporaryDirectory() as work:
        if code := call([*PIP, "download", *QUIET, "--no-deps", "-d", work, *options, requirement]):
            return code
        (wheel,) = Path(work).iterdir()
        if not options and not is_known(wheel):
            told = f"{wheel.name} isn't a file that setup/lock/torch.txt knows by its SHA-256: "
            print(f"{told}say where it comes from with TORCH_SOURCE", file=sys.stderr)
            return FORGED
        code = pip("--no-deps", "--no-compile", str(wheel))
    if code == 0 and options:  # what else the build needs comes from there as well
        return pip(*options, requirement)
    if code == 0 and sys.platform.startswith("linux") and "+" not in wheel.name:
        return either([*LOCKED, "-r", str(LOCK / "cuda.txt")])
    return code


def is_installed(requirement: str) -> bool:
    """Whether the environment has this version, of any build."""
    name, _, wanted = requirement.partition("==")
    try:
        return version(name).partition("+")[0] == wanted
    except PackageNotFoundError:
        return False


def is_known(wheel: Path) -> bool:
    """Whether a wheel of torch is one of the lock's."""
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return any(digest in pin.hashes for pin in pins.read("torch"))


def either(given: list[str]) -> int:
    """Install by uv, or else by pip; a file that isn't the lock's ends both."""
    if has_uv():
        code = uv(*given)
        if code in (0, FORGED):
            return code
    print("uv can't install the packages: pip does", flush=True)
    return pip(*given)


def pip(*given: str) -> int:
    return call([*PIP, "install", *QUIET, *given])


def uv(*given: str) -> int:
    told = environment()
    if "--require-hashes" in given:  # the lock is exact, and uv wants hashes of constraints too
        told.pop("UV_CONSTRAINT", None)
    return call(command(*given), told)


def call(words: list[str], environment: dict[str, str] | None = None) -> int:
    """The exit code of an installer, FORGED where a file isn't the lock's: one line says which."""
    done = subprocess.run(
        words, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False
    )
    if done.returncode and (forged := named_in(done.stderr)):
        print(
            f"{forged} isn't the file that setup/lock knows: its SHA-256 is another. It isn't "
            "installed: ask who runs your package index",
            file=sys.stderr,
        )
        return FORGED
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode


def named_in(told: str) -> str | None:
    """The package whose hash an installer found wrong; None where that isn't its error."""
    for pattern in WRONG_HASH:
        if found := re.search(pattern, told, re.DOTALL):
            return found[1]
    return None


def reaches(given: list[str]) -> bool:
    """Whether the index that uv would take these packages from answers in a few seconds."""
    try:
        tried = subprocess.run(
            command("--dry-run", *given),
            env=environment() | IMPATIENT,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return tried.returncode == 0


@functools.cache
def has_uv() -> bool:
    """Whether uv is in the environment: installs it where it isn't."""
    if program().exists():
        return True
    code = pip(*LOCKED, "-r", str(LOCK / "uv.txt"))
    if code == FORGED:
        sys.exit(code)
    return code == 0


def program() -> Path:
    return Path(sys.executable).with_name("uv")


def command(*given: str) -> list[str]:
    return [str(program()), "pip", "install", "-q", "--python", sys.executable, *given]


def environment() -> dict[str, str]:
    """The environment for uv, which reads none of pip's settings: those about sources are added.

    What the environment says to uv already is left as it is.
    """
    listing = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=True)
    # As pip does: the best version of all indexes, not that of the first one that has any.
    told = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for setting, value in settings(listing.stdout).items():
        if setting in SETTINGS:
            variable, separator = SETTINGS[setting]
            told[variable] = separator.join(value.split())
    return told | dict(os.environ)


def settings(listing: str) -> dict[str, str]:
    """pip's settings as `pip install` sees them, from the lines of `pip config list`.

    A line is `SECTION.NAME='VALUE'`; `install` goes before `global`, the environment before both.
    """
    sections = ("global", "install", ":env:")
    found: list[tuple[int, str, str]] = []
    for line in listing.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in sections:
            found.append((sections.index(section), name, ast.literal_eval(value)))
    return {name: value for _, name, value in sorted(found)}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
