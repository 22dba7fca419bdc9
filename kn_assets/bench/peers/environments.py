"""Environments of the peers that are libraries: one each, in the lake, with pinned versions."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import venv
from importlib.metadata import version
from os import environ
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake import Lake, said_plainly
from kn_assets.progress import Progress

LIBRARIES = {"transformer-lens": "4.3.0", "nnsight": "0.8.1"}
_SAME = ("transformers", "numpy", "pyarrow")  # as here, so that only the peer differs
_DONE = ".installed"


def python_of(lake: Lake, peer: str) -> Path | None:
    """The interpreter that runs a peer: this one where it is no library, None where missing."""
    if peer not in LIBRARIES:
        return Path(sys.executable)
    folder = _folder(lake, peer)
    return folder / "bin" / "python" if (folder / _DONE).exists() else None


def install(lake: Lake, peer: str, progress: Progress) -> None:
    """Make a peer's environment, unless it is there: torch first and alone, in our own build.

    `$TORCH_SOURCE` says where torch comes from, as in the Makefile. Raises KnError where the
    packages can't be had.
    """
    if python_of(lake, peer):
        return
    folder = _folder(lake, peer)
    shutil.rmtree(folder, ignore_errors=True)
    progress.say(f"installing {peer} {LIBRARIES[peer]} in {folder}, about a minute")
    lake.make(folder)
    # The whole version, such as 2.13.0+cpu: another build would bring gigabytes of libraries.
    torch = f"torch=={version('torch')}"
    same = [f"{name}=={version(name)}" for name in _SAME]
    with said_plainly(lake.root):
        venv.create(folder, with_pip=True)
        _pip(folder, peer, [*shlex.split(environ.get("TORCH_SOURCE", "")), torch])
        _pip(folder, peer, [torch, *same, f"{peer}=={LIBRARIES[peer]}"])
        (folder / _DONE).touch()


def _folder(lake: Lake, peer: str) -> Path:
    return lake.root / "bench" / f"{peer}-{LIBRARIES[peer]}"


def _pip(folder: Path, peer: str, packages: list[str]) -> None:
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", *packages],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        said = (errors or done.stderr.strip().splitlines() or ["pip failed"])[-1]
        raise KnError(
            f"can't install {peer} ({said.removeprefix('ERROR: ')}): check that a package index "
            "can be reached, then give --install again"
        )
