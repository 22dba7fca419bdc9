"""What the machine is good at: a CUDA device, bfloat16."""

from __future__ import annotations

import re
from pathlib import Path

from kn_assets.errors import KnError

DEVICES = ("auto", "cpu", "cuda")


def device(given: str) -> str:
    """Where a model runs, with `auto` settled: `cpu` or `cuda`."""
    if given == "auto":
        return "cuda" if has_cuda() else "cpu"
    return given


def refuse_unknown(given: str) -> None:
    """Raises KnError for what is no setting of a device."""
    if given not in DEVICES:
        raise KnError(f"--device must be one of {', '.join(DEVICES)}")


def has_cuda() -> bool:
    """Whether torch finds a CUDA device; it isn't asked, which takes a second, without a driver."""
    if not Path("/dev/nvidiactl").exists():
        return False
    import torch

    return torch.cuda.is_available()


def fast_at_bfloat16() -> bool:
    """Whether the machine multiplies bfloat16 natively, where it is about twice as fast.

    Elsewhere bfloat16 is emulated and slower than float32.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return False
    return re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", flags) is not None
