"""Makes setup/lock anew: all that is installed, at exact versions, with the hashes of its files.

    python setup/lock.py [--upgrade]

uv resolves pyproject.toml once for all machines and Python versions, and notes the SHA-256 of
every file that a package has there. What was locked stays as it is where it still fits; with
`--upgrade` all that pyproject.toml leaves open moves to its newest version. No address is written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import install
import pins
from pins import LOCK, Pin

ROOT = Path(__file__).parents[1]
_TITLE = "# {}\n# Made by `make lock`, as docs/packages.md says.\n"
_TITLES = {
    "tools": "What installs the rest.",
    "uv": "What installs the rest faster.",
    "app": "What the app and `kn` stand on, torch aside.",
    "test": "What tests, style and types need beside app.txt.",
    "docs": "What the documents need beside app.txt.",
    "cuda": "What the wheel of torch on pip's index needs on Linux: CUDA.",
    "torch": "Wheels of torch that are known, by build: of pip's index, and for CPUs alone (+cpu).",
}
_WANTED = {
    "tools": ("--group", "setup"),
    "uv": ("--group", "uv"),
    "app": ("pyproject.toml",),
    "test": ("pyproject.toml", "--extra", "test", "--extra", "dev"),
    "docs": ("pyproject.toml", "--extra", "docs"),
}
_FROM = ("UV_DEFAULT_INDEX", "UV_INSECURE_HOST", "ALL_PROXY", "SSL_CERT_FILE")
"""What of pip's settings counts: other sources may have other files under the same version."""


def main(*options: str) -> int:
    """Write the lock; returns the exit code."""
    environment = {k: v for k, v in install.environment().items() if not k.startswith("UV_")}
    environment |= {k: v for k, v in install.environment().items() if k in _FROM}
    with tempfile.TemporaryDirectory() as work:
        whole = Path(work) / "whole.txt"
        before = "".join(pin.text for pin in pins.read() if "+" not in pin.version)
        whole.write_text(before, encoding="utf-8")
        everything = ["pyproject.toml", "--all-extras", "--group", "setup", "--group", "uv"]
        if resolve([*everything, "-o", str(whole), *options], environment):
            return 1
        found = {}
        for name, wanted in _WANTED.items():
            part = Path(work) / f"{name}.txt"
            if resolve([*wanted, "-c", str(whole), "-o", str(part)], environment):
                return 1
            found[name] = pins.parse(part.read_text(encoding="utf-8"))
    torch = [pin for pin in found["app"] if pin.name == "torch"]
    found["torch"] = [*torch, *(cpu(torch[0], environment))]
    found["cuda"] = [pin for pin in found["app"] if is_cuda(pin)]
    found["app"] = pins.without(found["app"], [*found["torch"], *found["cuda"]])
    for name in ("test", "docs"):
        of_app = [*found["app"], *found["torch"], *found["cuda"], *found["tools"]]
        found[name] = pins.without(found[name], of_app)
    for name, kept in found.items():
        text = _TITLE.format(_TITLES[name]) + "".join(pin.text for pin in kept)
        (LOCK / f"{name}.txt").write_text(text, encoding="utf-8")
    return 0


def resolve(given: list[str], environment: dict[str, str]) -> int:
    """uv's exit code."""
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    python = lowest["project"]["requires-python"].removeprefix(">=")
    command = [str(install.program()), "pip", "compile", "-q", "--universal"]
    command += ["--python-version", python, "--generate-hashes", "--no-header", "--no-annotate"]
    command += ["--no-emit-index-url", "--no-emit-find-links"]
    return subprocess.call([*command, *given], cwd=ROOT, env=environment)


def is_cuda(pin: Pin) -> bool:
    """Whether it is there for CUDA, which pip's build of torch pulls in on Linux."""
    return pin.name.startswith(("nvidia-", "cuda-")) or pin.name == "triton"


def cpu(torch: Pin, environment: dict[str, str]) -> list[Pin]:
    """The builds of torch for CPUs alone, of PyTorch's own index, and those that were known."""
    known = [p for p in pins.read("torch") if p.version == f"{torch.version}+cpu"]
    command = [str(install.program()), "pip", "compile", "-q", "--torch-backend", "cpu", "-"]
    command += ["--no-deps", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--no-emit-index-url"]
    told = subprocess.run(
        command,
        input=f"torch=={torch.version}",
        env=environment | install.IMPATIENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        print("PyTorch's own index isn't reached: its wheels for CPUs stay those that were known")
        return known
    found = [p for p in pins.parse(told.stdout) if "+" in p.version]
    hashes = sorted({h for pin in [*known, *found] for h in pin.hashes})
    return [Pin("torch", f"{torch.version}+cpu", "", tuple(hashes))] if hashes else []


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
