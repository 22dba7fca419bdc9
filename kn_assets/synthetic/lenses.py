"""Made-up tables of the linear lens."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kn_assets.lake import Lake, Partition
from kn_assets.synthetic.context import lens, neuron_vocabulary
from kn_assets.synthetic.dense import Columns, Shape
from kn_assets.synthetic.write import columns_of, write

_WIDTH = 4  # of a residual stream that nobody looks at


def write_lenses(lake: Lake, where: Partition, size: Shape) -> None:
    """Write maps, their quality, and what both other lenses read of all prompts."""
    rng = np.random.default_rng([size.seed, 11])
    layers = size.n_layers - 1
    write(
        lake,
        where,
        "lens_translators",
        [
            {
                "layer": np.repeat(np.arange(layers), _WIDTH + 1),
                "dimension": np.tile(np.arange(-1, _WIDTH), layers),
                "weights": rng.standard_normal((layers * (_WIDTH + 1), _WIDTH)).tolist(),
            }
        ],
    )
    quality = [
        {
            "layer": layer,
            "lens": name,
            "kl": kl * (layers - layer),
            "kl_median": 0.8 * kl * (layers - layer),
            "top1_agreement": 1 - kl * (layers - layer) / (5.0 * size.n_layers),
            "n_tokens": 1024,
            "n_prompts": max(1, size.n_prompts // 5),
            "ridge": 1e-3 if name == "linear" and layer < layers else None,
        }
        for layer in range(size.n_layers)
        for name, kl in (("linear", 1.0), ("logit", 3.0))
    ]
    write(lake, where, "lens_quality", [columns_of(quality)])
    write(lake, where, "lens_readings", _readings(size))
    write(lake, where, "neuron_vocabulary_linear", neuron_vocabulary(size, stream=12))


def _readings(size: Shape) -> Iterator[Columns]:
    """Each prompt as the logit lens reads it, less surely."""
    for name, share in (("linear", 0.5), ("middle", 0.25)):
        for rows in lens(size):
            probability = (share * rows["probability"]).astype(np.float32)
            yield {**rows, "probability": probability, "lens": [name] * len(probability)}
