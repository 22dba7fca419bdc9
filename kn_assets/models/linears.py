"""float32 products by oneDNN on processors where torch's own are slow.

On a CPU torch hands float32 products to MKL, which uses AVX2 alone on processors that Intel didn't
make: with AVX-512 oneDNN, which comes with torch too, is over twice as fast there. The numbers are
float32 sums in another order: they differ in the last digits, as they do between any two machines.
"""

from __future__ import annotations

import platform
import sys
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

FEWEST_ROWS = 4  # below, a product is a few vectors' worth of reading the weight, and MKL's as fast


def use_onednn_linears(model: nn.Module) -> int:
    """Let the model's float32 linear maps run by oneDNN where that is faster; how many do.

    Weights keep their values, names and shapes; gradients flow to inputs, not to weights, which
    must not ask for any. Anything but `nn.Linear` and GPT-2's `Conv1D` on a CPU stays as it is.
    """
    import torch
    from transformers.pytorch_utils import Conv1D

    if not (_slow_here() and _works()):
        return 0
    count = 0
    for module in model.modules():
        kind = type(module)
        if kind not in (torch.nn.Linear, Conv1D):
            continue
        weight: Any = module.weight
        if weight.dtype != torch.float32 or weight.device.type != "cpu" or weight.requires_grad:
            continue
        if kind is Conv1D:  # [in, out]: the same numbers, laid out as oneDNN reads them
            weight.data = weight.data.t().contiguous().t()
        module.forward = partial(_forward, module, kind is Conv1D)
        count += 1
    return count


def _forward(module: Any, turned: bool, rows: Tensor) -> Tensor:
    weight = module.weight.t() if turned else module.weight
    return product(rows, weight, module.bias)


def product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """rows @ weight.T + bias by oneDNN: [..., in], [out, in], [out] -> [..., out], all float32.

    A few rows, or what doesn't lie on the CPU in float32, go torch's own way.
    """
    import torch

    few = rows.numel() < FEWEST_ROWS * rows.shape[-1]
    if few or rows.dtype != torch.float32 or rows.device.type != "cpu":
        return torch.nn.functional.linear(rows, weight, bias)
    if torch.is_grad_enabled() and rows.requires_grad:
        return _differentiable()(rows, weight, bias)
    return _product(rows, weight, bias)


def _product(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    import torch

    found: Tensor = torch.ops.mkldnn._linear_pointwise(
        rows.contiguous(), weight, bias, "none", [], ""
    )
    return found


@cache
def _differentiable() -> Any:
    """The product with a gradient for its rows. Made on first use: it needs torch."""
    import torch

    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
            ctx.save_for_backward(weight)
            return _product(rows, weight, bias)

        @staticmethod
        def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
            (weight,) = ctx.saved_tensors
            return product(upstream[0], weight.t()), None, None

    return Product.apply


@cache
def _slow_here() -> bool:
    """Whether MKL would leave AVX-512 unused: it is there, and the processor isn't Intel's."""
    import torch

    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    return "AVX512" in torch.backends.cpu.get_cpu_capability() and _maker() != "GenuineIntel"


def _maker() -> str:
    """The processor's maker as it names itself; GenuineIntel where it can't be known."""
    if sys.platform == "linux":
        with Path("/proc/cpuinfo").open() as file:
            for line in file:
                if line.startswith("vendor_id"):
                    return line.partition(":")[2].strip()
    named = platform.processor()
    return "AuthenticAMD" if "AuthenticAMD" in named else "GenuineIntel"


@cache
def _works() -> bool:
    """Try it: the operation is torch's own, and hidden."""
    import torch

    rows, weight = torch.linspace(-1, 1, 8 * 48).view(8, 48), torch.linspace(-2, 1, 32 * 48)
    bias = torch.linspace(0, 1, 32)
    wanted = torch.nn.functional.linear(rows, weight.view(32, 48), bias)
    turned = weight.view(32, 48).t().contiguous().t()  # as a Conv1D's weight lies
    try:
        found = [_product(rows, w, bias) for w in (weight.view(32, 48), turned)]
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
    return all(torch.allclose(f, wanted, rtol=1e-4, atol=1e-5) for f in found)
