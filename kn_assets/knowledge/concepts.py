"""What a neuron is about, told by the cities' metadata: how selectively its peaks mark each value.

For a neuron and a value, say `Japan`: of the N prompts n have the value, the neuron fired (sinks
left out) in F, and in k that have it. precision = k/F, recall = k/n, lift = precision / (n/N).
auroc is the chance that |peak| in a prompt with the value is above that in one without, ties a
half; |peak| is 0 where the neuron didn't fire.

Test: one-sided and exact, P(at least k of F prompts drawn without replacement have the value), the
hypergeometric tail (Fisher's exact test) of *firing*. q-values are Benjamini and Hochberg's (1995)
over all pairs tested: each neuron that fired with each value of at least `LEAST` prompts. The
AUROC's own normal approximation would be far off for a country of five cities.

auroc_low is the lower end of a 95 % interval of AUROC, by which concepts are ranked: Wilson's
(1927) score interval of a share, with the largest variance that Mann and Whitney's statistic can
have, A(1 - A)/min(n, N - n) (van Dantzig 1951; Birnbaum and Klose 1957). It is wide rather than
narrow, also for a value of three prompts, where an AUROC of 1 says little: 0.44.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.knowledge.concept_values import Values, values_of
from kn_assets.lake.schema import KNOWLEDGE

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEVEL = 0.05
"""Pairs with a q-value up to this are kept, where the neuron fires for the value more than else."""

_NEURONS = 4096  # handled at a time
_Z = 1.959963984540054  # the normal distribution's 97.5th percentile


def concepts(
    peaks: pa.Table, prompt_ids: list[int], cities: list[dict[str, Any]], level: float = LEVEL
) -> pa.Table:
    """The table `neuron_concepts`, in the order of its key.

    peaks: the rows of `neuron_peaks`; prompt_ids: all prompts of the atlas, also those in which
    nothing fired; cities: the row of `cities` for each of them. Raises KnError where a peak is of
    no prompt that is given.
    """
    values = values_of(cities)
    found = _Found([], [], [], [], [], [])
    tests = 0
    ids, fired = _fired(peaks, prompt_ids)
    n = values.member.sum(0)
    for start, rows in _blocks(fired):
        total = np.diff(rows.indptr).astype(np.float32)
        k = _binary(rows) @ values.member
        tests += int((total > 0).sum()) * len(n)
        neuron, value = np.nonzero(k * len(prompt_ids) > total[:, None] * n)
        auroc = _auroc(rows, values.member, total, n)
        found.neuron.append(neuron + start)
        found.value.append(value)
        found.k.append(k[neuron, value])
        found.total.append(total[neuron])
        found.auroc.append(auroc[neuron, value])
        found.p.append(_tail(k[neuron, value], len(prompt_ids), n[value], total[neuron]))
    return _table(found, ids, values, len(prompt_ids), tests, level)


@dataclass(frozen=True)
class _Found:
    """Pairs where a neuron fires more for the value than else, in parts."""

    neuron: list[np.ndarray]
    value: list[np.ndarray]
    k: list[np.ndarray]
    total: list[np.ndarray]
    auroc: list[np.ndarray]
    p: list[np.ndarray]


def _fired(peaks: pa.Table, prompt_ids: list[int]) -> tuple[np.ndarray, csr_matrix]:
    """(layer, neuron) of each neuron that fired, [m, 2], and |peak| as sparse [m, prompts]."""
    from scipy.sparse import csr_matrix

    order = np.argsort(prompt_ids, kind="stable")
    ranked = np.asarray(prompt_ids, np.int64)[order]
    prompt = peaks["prompt_id"].to_numpy()
    at = np.searchsorted(ranked, prompt)
    if len(prompt) and (at.max() >= len(ranked) or (ranked[at] != prompt).any()):
        raise KnError("neuron_peaks has prompts that are not in the atlas: make the atlas again")
    named = peaks["layer"].to_numpy().astype(np.int64) << 32 | peaks["neuron"].to_numpy()
    unique, row = np.unique(named, return_inverse=True)
    size = np.abs(peaks["activation"].to_numpy())
    matrix = csr_matrix((size, (row, order[at])), shape=(len(unique), len(prompt_ids)))
    return np.stack([unique >> 32, unique & 0xFFFFFFFF], axis=1), matrix


def _blocks(fired: csr_matrix) -> Iterator[tuple[int, csr_matrix]]:
    for start in range(0, fired.shape[0], _NEURONS):
        yield start, fired[start : start + _NEURONS]


def _binary(rows: csr_matrix) -> csr_matrix:
    found = rows.copy()
    found.data = np.ones_like(found.data)
    return found


def _auroc(rows: csr_matrix, member: np.ndarray, total: np.ndarray, n: np.ndarray) -> np.ndarray:
    """AUROC of each row's values for each column of `member`, [neurons, v], by Mann and Whitney.

    A prompt's midrank among all, less that of the prompts where the neuron didn't fire, is 0 for
    those: so the ranks stay as sparse as the peaks.
    """
    n_prompts = rows.shape[1]
    absent = (n_prompts - total + 1) / 2  # midrank of those where it didn't fire
    neuron = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    order = np.lexsort((rows.data, neuron))
    data, of = rows.data[order], neuron[order]
    # Equal values of a neuron share the mean of the ranks they take.
    first = np.ones(len(data), bool)
    first[1:] = (data[1:] != data[:-1]) | (of[1:] != of[:-1])
    group = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    sizes = np.diff(np.append(starts, len(data)))
    place = np.arange(len(data)) - rows.indptr[of]  # from 0 within the neuron
    mid = place[starts][group] + (sizes[group] - 1) / 2 + 1
    rank = np.empty(len(data))
    rank[order] = mid + (n_prompts - total[of]) - absent[of]
    ranks = rows.copy().astype(np.float64)
    ranks.data = rank
    sums = ranks @ member.astype(np.float64) + absent[:, None] * n
    return (sums - n * (n + 1) / 2) / (n * (n_prompts - n))


def auroc_low(auroc: np.ndarray, n: np.ndarray, n_prompts: int) -> np.ndarray:
    """Lower end of the 95 % interval of AUROCs, of values of n among n_prompts prompts."""
    fewer, auroc = np.minimum(n, n_prompts - n).astype(np.float64), np.clip(auroc, 0.0, 1.0)
    square = _Z**2
    spread = _Z * np.sqrt(fewer * auroc * (1 - auroc) + square / 4)
    return np.maximum((fewer * auroc + square / 2 - spread) / (fewer + square), 0.0)


def _tail(k: np.ndarray, n_prompts: int, n: np.ndarray, total: np.ndarray) -> np.ndarray:
    """P(X >= k), X hypergeometric: `total` of `n_prompts` drawn, `n` of them marked."""
    from scipy.stats import hypergeom

    triples = np.stack([k, n, total], axis=1).astype(np.int64)
    base = n_prompts + 1
    codes = (triples[:, 0] * base + triples[:, 1]) * base + triples[:, 2]
    unique, index = np.unique(codes, return_inverse=True)
    few = unique // base // base, unique // base % base, unique % base
    return hypergeom.sf(few[0] - 1, n_prompts, few[1], few[2])[index]


def q_values(p: np.ndarray, tests: int) -> np.ndarray:
    """Benjamini and Hochberg's q-values of some p-values out of `tests` made, float64 [len(p)].

    Those which aren't given must be larger than all that are of interest: here they belong to
    values for which a neuron fires no more than else, whose p-values are over a quarter.
    """
    order = np.argsort(p, kind="stable")
    scaled = p[order] * tests / np.arange(1, len(p) + 1)
    found = np.empty(len(p))
    found[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return found


def _table(
    found: _Found, ids: np.ndarray, values: Values, n_prompts: int, tests: int, level: float
) -> pa.Table:
    schema = KNOWLEDGE["neuron_concepts"].schema
    if not found.p:
        return schema.empty_table()
    neuron, value, k, total, auroc, p = (
        np.concatenate(part)
        for part in (found.neuron, found.value, found.k, found.total, found.auroc, found.p)
    )
    q = q_values(p, tests)
    kept = np.flatnonzero(q <= level)
    attributes, names = np.array(values.attributes), np.array(values.values)
    n = values.member.sum(0)[value]
    order = kept[
        np.lexsort((names[value[kept]], attributes[value[kept]], neuron[kept]))
    ]  # neurons are numbered in the order of layer and neuron
    precision, recall = k / total, k / n
    columns = [
        ids[neuron[order], 0],
        ids[neuron[order], 1],
        attributes[value[order]].tolist(),
        names[value[order]].tolist(),
        n[order],
        precision[order],
        recall[order],
        (precision * n_prompts / n)[order],
        auroc[order],
        q[order],
        total[order],
        k[order],
        auroc_low(auroc[order], n[order], n_prompts),
    ]
    arrays = [pa.array(c).cast(t) for c, t in zip(columns, schema.types, strict=True)]
    return pa.table(arrays, schema=schema)
