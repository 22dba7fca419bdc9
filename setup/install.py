"""Installs packages into the virtual environment whose Python runs this file: `uv` does, or pip.

    python setup/install.py torch REQUIREMENT [OPTIONS OF PIP ...]
    python setup/install.py packages ARGUMENTS OF `pip install` ...

uv installs several packages at a time, and finds the build of torch that fits this machine. Where
uv can't be had or fails, pip does the same; an error of pip is the error of this command.

uv compiles no bytecode: of some 20,000 files the app imports a quarter, and Python keeps the
bytecode of those when it first does.
"""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
PIP = [sys.executable, "-m", "pip"]
QUIET = ["-q", "--disable-pip-version-check", "--no-input"]
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


def main(what: str, *given: str) -> int:
    """Install; returns the exit code."""
    if what == "torch":
        requirement, *options = given
        return torch(requirement, options)
    return packages(list(given))


def torch(requirement: str, options: list[str]) -> int:
    """Install torch alone: the build for this machine, or where `options` of pip say."""
    if options or not sys.platform.startswith("linux"):
        return pip(*options, requirement)
    given = ["--torch-backend", "auto", requirement]
    if has_uv() and reaches(given) and uv(*given) == 0:
        return 0
    print("torch can't be had from PyTorch's own index: it comes from pip's", flush=True)
    return either([requirement])


def packages(given: list[str]) -> int:
    """Install everything else, at the versions of constraints.txt."""
    return either(["-c", str(CONSTRAINTS), *given])


def either(given: list[str]) -> int:
    """Install by uv, or else by pip."""
    if has_uv() and uv(*given) == 0:
        return 0
    print("uv can't install the packages: pip does", flush=True)
    return pip(*given)


def pip(*given: str) -> int:
    return subprocess.call([*PIP, "install", *QUIET, *given])


def uv(*given: str) -> int:
    return subprocess.call(command(*given), env=environment())


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
    return program().exists() or pip("-c", str(CONSTRAINTS), "uv") == 0


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
