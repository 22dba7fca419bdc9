"""The linear lens: an affine map from each layer's residual stream to the last layer's, then what
the model does with that (Din et al. 2023, arXiv 2303.09435).

What the model's later layers would still do is unknown to the logit lens, which reads early layers
as if they wrote in the last one's terms. A map fitted by least squares puts each layer's stream
into them: a tuned lens (Belrose et al. 2023, arXiv 2303.08112) without training. The last layer's
map is the identity, so there the lens is the model's own output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.atlas.activations.packed import rounded
from kn_assets.atlas.lens.moments import RIDGES, Moments
from kn_assets.lake.schema import TABLES

if TYPE_CHECKING:
    from torch import Tensor

CONSTANT = -1
"""In the table: the `dimension` of the row that is added whatever the stream."""


@dataclass(frozen=True, eq=False)
class Translators:
    """matrices: float32 [layers - 1, d_model, d_model], a row for each dimension of the layer's
    stream; constants: float32 [layers - 1, d_model]; ridges: float [layers - 1], as they were
    chosen among `RIDGES`.
    """

    matrices: Tensor
    constants: Tensor
    ridges: tuple[float, ...]

    @classmethod
    def fitted(cls, fit: Moments, validation: Moments) -> Translators:
        """Ridge regression for each layer, of the strength that errs least on `validation`; then of
        both together. Entries are as they are stored, with 13 bits of mantissa.
        """
        import torch

        matrices, constants, ridges = [], [], []
        whole = fit.plus(validation)
        for layer in range(len(fit.x)):
            tried = fit.of(layer)
            errors = validation.error(layer, tried, tried.maps(RIDGES))
            ridge = RIDGES[int(np.nanargmin(errors))]
            means = whole.of(layer)
            (matrix,) = means.maps([ridge])
            x, y = means.x + whole.shift[layer].double(), means.y + whole.shift[-1].double()
            matrices.append(_stored(matrix))
            constants.append(_stored(y - x @ matrix))
            ridges.append(ridge)
        return cls(torch.stack(matrices), torch.stack(constants), tuple(ridges))

    @classmethod
    def joined(cls, parts: Sequence[Translators]) -> Translators:
        """Those of layers that follow each other as one."""
        import torch

        return cls(
            torch.cat([part.matrices for part in parts]),
            torch.cat([part.constants for part in parts]),
            tuple(ridge for part in parts for ridge in part.ridges),
        )

    def translated(self, layer: int, stream: Tensor) -> Tensor:
        """The last layer's stream as a layer's says it, of the same dtype and [..., d_model]."""
        if layer >= len(self.matrices):
            return stream
        return (stream.float() @ self.matrices[layer] + self.constants[layer]).to(stream.dtype)

    def turned(self, layer: int, directions: Tensor) -> Tensor:
        """The same of directions, which have no place: without what is added to all."""
        if layer >= len(self.matrices):
            return directions
        return (directions.float() @ self.matrices[layer]).to(directions.dtype)

    def to(self, device: str) -> Translators:
        """The same on another device."""
        return Translators(self.matrices.to(device), self.constants.to(device), self.ridges)

    def table(self) -> pa.Table:
        """The table `lens_translators`."""
        layers, d = self.constants.shape
        rows = np.concatenate(
            [self.constants.cpu().numpy()[:, None], self.matrices.cpu().numpy()], axis=1
        )
        dimension = np.arange(CONSTANT, d, dtype=np.int32)
        offsets = np.arange(0, rows.size + 1, d, dtype=np.int32)
        columns = [
            np.repeat(np.arange(layers, dtype=np.int16), d + 1),
            np.tile(dimension, layers),
            pa.ListArray.from_arrays(offsets, pa.array(rows.ravel())),
        ]
        return pa.table(columns, schema=TABLES["lens_translators"].schema)

    @classmethod
    def of_table(cls, table: pa.Table) -> Translators:
        """What `table` gave, without the ridges."""
        import torch

        table = table.combine_chunks()
        weights = table["weights"].chunk(0).flatten().to_numpy() if len(table) else np.empty(0)
        if not len(weights):
            return cls(torch.empty(0, 0, 0), torch.empty(0, 0), ())
        d = len(weights) // len(table)
        rows = torch.from_numpy(weights.astype(np.float32).reshape(-1, d + 1, d))
        return cls(rows[:, 1:].contiguous(), rows[:, 0].contiguous(), ())


def _stored(numbers: Tensor) -> Tensor:
    import torch

    plain = np.ascontiguousarray(numbers.float().cpu().numpy())
    return torch.from_numpy(rounded(plain, 0.0)).to(numbers.device)
