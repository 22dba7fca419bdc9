"""What a neuron promotes and suppresses: its value vector through the unembedding.

The convention is the raw one, W_U v, without the final norm's gain (Geva et al. 2022, arXiv
2203.14680). What a neuron of an early layer writes is in terms of its own layer: there the map of
the linear lens says what it is in those of the last one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kn_assets.atlas.lens.translators import Translators
    from kn_assets.models.load import LoadedModel

_TITLES = ("vocabulary of neurons", "vocabulary of neurons by the linear lens")
CHUNK = 512  # neurons whose scores are held at once: 100 MB over 49,152 tokens


def neuron_vocabulary(
    loaded: LoadedModel,
    words: list[str],
    k: int,
    progress: Progress,
    translators: Translators | None = None,
) -> Iterator[pa.Table]:
    """The `neuron_vocabulary` table, a layer at a time: k tokens of each sign for every neuron;
    `neuron_vocabulary_linear` where the linear lens is given.

    `words` is the text of each token by id. The product is taken in the model's own dtype, the sums
    inside it in float32.
    """
    import torch

    parts = loaded.parts
    texts = pa.array(words)
    n, k = parts.n_neurons, min(k, parts.vocab_size)
    with (
        torch.inference_mode(),
        progress.bar(_TITLES[translators is not None], parts.n_layers, "layers") as bar,
    ):
        for layer in range(parts.n_layers):
            ids, scores = [], []
            for vectors in parts.value_vectors(layer).split(CHUNK):
                turned = vectors if translators is None else translators.turned(layer, vectors)
                found = parts.vocabulary_scores(turned)
                for sign in (1, -1):
                    best = torch.topk(sign * found, k, dim=1)
                    ids.append(best.indices)
                    scores.append(sign * best.values.float())
            bar.advance()
            yield _table(layer, n, k, _in_order(ids, n, k), _in_order(scores, n, k), texts)


def _in_order(pieces: list, n: int, k: int) -> np.ndarray:
    """Pieces of [some neurons, k], the two signs in turn, as one array [n * 2 * k]."""
    both = [np.concatenate([p.cpu().numpy() for p in pieces[sign::2]]) for sign in (0, 1)]
    return np.stack(both, axis=1).reshape(n * 2 * k)


def _table(
    layer: int, n: int, k: int, ids: np.ndarray, scores: np.ndarray, texts: pa.Array
) -> pa.Table:
    columns = [
        np.full(len(ids), layer, np.int16),
        np.repeat(np.arange(n, dtype=np.int32), 2 * k),
        np.tile(np.repeat(np.array([1, -1], np.int8), k), n),
        np.tile(np.arange(1, k + 1, dtype=np.int16), 2 * n),
        ids.astype(np.int32),
        texts.take(pa.array(ids)),
        scores.astype(np.float32),
    ]
    return pa.table(columns, schema=TABLES["neuron_vocabulary"].schema)
