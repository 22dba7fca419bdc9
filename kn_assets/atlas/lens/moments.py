"""Least squares from sums: what the best affine map from one stream to another needs of the tokens.

The map from a layer's residual stream to the last layer's hangs on second moments alone, two
matrices of d_model x d_model a layer however many tokens there are. Ridge regression in closed form
follows from them, and so does its error on other tokens: how strongly to shrink is thus chosen on
tokens that had no part in the fit, without running the model again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""What is tried: a ridge over the mean variance of the layer's dimensions."""


class Moments:
    """Sums over tokens of each layer's stream, of the last one's, and of their products.

    shift: float32 [layers, d_model], near the streams' means: what is summed are distances from
    it, so that float32 holds them where means are large.
    """

    def __init__(self, shift: Tensor) -> None:
        import torch

        layers, d = shift.shape
        self.shift, self.tokens, self.yy = shift, 0, 0.0
        self.x, self.y = (torch.zeros(n, device=shift.device) for n in ((layers - 1, d), (d,)))
        self.xx, self.xy = (torch.zeros((layers - 1, d, d), device=shift.device) for _ in range(2))

    def take(self, streams: Sequence[Tensor]) -> None:
        """Take some tokens: their stream after each layer, each [tokens, d_model]."""
        y = streams[-1].float() - self.shift[-1]
        self.tokens += len(y)
        self.yy += float(y.square().double().sum())
        self.y += y.sum(0)
        for layer, stream in enumerate(streams[:-1]):
            x = stream.float() - self.shift[layer]
            self.x[layer] += x.sum(0)
            self.xx[layer].addmm_(x.T, x)
            self.xy[layer].addmm_(x.T, y)

    def plus(self, other: Moments) -> Moments:
        """The sums over the tokens of both, which have the same shift."""
        both = Moments(self.shift)
        for name in ("tokens", "yy", "x", "y", "xx", "xy"):
            setattr(both, name, getattr(self, name) + getattr(other, name))
        return both

    def of(self, layer: int) -> Centred:
        """Means and covariances of a layer's stream and the last one's, in float64."""
        x, y = self.x[layer].double() / self.tokens, self.y.double() / self.tokens
        return Centred(
            x,
            y,
            self.xx[layer].double() / self.tokens - x[:, None] * x,
            self.xy[layer].double() / self.tokens - x[:, None] * y,
        )

    def error(self, layer: int, means: Centred, maps: Sequence[Tensor]) -> list[float]:
        """Mean squared distance of y from means.y + (x - means.x) @ map, over these tokens.

        maps: float64 [d_model, d_model] each.
        """
        mine = self.of(layer)
        dx, dy = mine.x - means.x, mine.y - means.y
        xx, xy = mine.xx + dx[:, None] * dx, mine.xy + dx[:, None] * dy
        spread = self.yy / self.tokens - float(mine.y @ mine.y) + float(dy @ dy)
        return [float(spread + (m * (xx @ m)).sum() - 2 * (m * xy).sum()) for m in maps]


@dataclass(frozen=True)
class Centred:
    """x, y: float64 [d_model], means over the shift; xx, xy: [d_model, d_model], covariances."""

    x: Tensor
    y: Tensor
    xx: Tensor
    xy: Tensor

    def maps(self, ridges: Sequence[float]) -> list[Tensor]:
        """The least squares map [d_model, d_model] from x to y for each ridge, of the mean variance
        of x: y - mean is near (x - mean) @ map.
        """
        import torch

        values, vectors = torch.linalg.eigh(self.xx)
        rotated = vectors.T @ self.xy
        unit = float(values.clamp(min=0).mean()) or 1.0
        return [vectors @ (rotated / (values.clamp(min=0) + r * unit)[:, None]) for r in ridges]
