"""Path patching: what one unit does through one later unit alone, measured.

The earlier unit gets the contrast's value while every other head and neuron stays at its clean one,
so that it reaches the later unit directly only; the later unit takes the value that it computes
from that, alone, and the model runs on (Wang et al. 2022, arXiv 2211.00593; Goldowsky-Dill et al.
2023, arXiv 2304.05969). Nothing is held: norms and patterns are computed anew. Toward the answer
itself everything else stays clean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from kn_assets.knowledge.circuits.edges import Edge, columns_of
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.knowledge.circuits.whole_prompt import Change

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair

ROWS = 12
"""Changed prompts of a pass: few, so that late units begin late."""


def path_effects(pair: Pair, some: Sequence[Edge], rows: int = ROWS) -> np.ndarray:
    """What the logit difference loses along each edge: float64 [edges], logits.

    Raises KnError where a block overflows.
    """
    if not some:
        return np.empty(0)
    earlier = sorted({one.earlier for one in some}, key=lambda unit: unit.layer)
    taken: dict[tuple[Unit, Unit], Tensor] = {}
    last: dict[Unit, float] = {}
    for start in range(0, len(earlier), rows):
        of = earlier[start : start + rows]
        _reached(pair, of, [e for e in some if e.earlier in set(of)], taken, last)
    found = np.empty(len(some))
    through = []
    for i, one in enumerate(some):
        if one.later is None:
            found[i] = pair.difference - last[one.earlier]
        else:
            through.append(i)
    through.sort(key=lambda i: some[i].later.layer)  # type: ignore[union-attr]
    for start in range(0, len(through), rows):
        at = through[start : start + rows]
        given = [(some[i].later, taken[some[i].earlier, some[i].later]) for i in at]  # type: ignore[index]
        found[at] = pair.difference - _run_on(pair, given)  # type: ignore[arg-type]
    return found


def _reached(
    pair: Pair,
    earlier: Sequence[Unit],
    some: Sequence[Edge],
    taken: dict[tuple[Unit, Unit], Tensor],
    last: dict[Unit, float],
) -> None:
    """With each earlier unit alone at the contrast's value and all others clean: note the values
    that the later ones compute, and the logit difference.
    """
    row = {one: i for i, one in enumerate(earlier)}
    wanted: dict[tuple[str, int], list[tuple[int, Edge]]] = {}
    for one in some:
        if one.later is not None:
            key = (one.later.kind, one.later.layer)
            wanted.setdefault(key, []).append((row[one.earlier], one))

    def change(kind: str, layer: int, clean: Tensor, other: Tensor) -> Change:
        def changed(values: Tensor) -> Tensor:
            for at, one in wanted.get((kind, layer), ()):
                assert one.later is not None
                columns = columns_of(pair, one.later)
                taken[one.earlier, one.later] = values[at, one.later.position, columns].clone()
            kept = clean.expand_as(values).clone()
            for unit, i in row.items():
                if (unit.kind, unit.layer) == (kind, layer):
                    columns = columns_of(pair, unit)
                    kept[i, unit.position, columns] = other[unit.position, columns]
            return kept

        return changed

    first = min(one.layer for one in earlier)
    clean, other = pair.clean.values, pair.other
    layers = range(first, pair.clean.parts.n_layers)
    heads = {i: change("head", i, clean.heads[i], other.heads[i]) for i in layers}
    neurons = {i: change("neuron", i, clean.neurons[i], other.neurons[i]) for i in layers}
    after = _differences(pair, first, len(earlier), heads, neurons)
    last.update(zip(earlier, after.tolist(), strict=True))


def _run_on(pair: Pair, given: Sequence[tuple[Unit, Tensor]]) -> np.ndarray:
    """The logit difference with each unit alone at a value of its own."""

    def change(kind: str, layer: int) -> Change:
        def changed(values: Tensor) -> Tensor:
            values = values.clone()
            for row, (one, value) in enumerate(given):
                if (one.kind, one.layer) == (kind, layer):
                    values[row, one.position, columns_of(pair, one)] = value
            return values

        return changed

    of = {k: {u.layer for u, _ in given if u.kind == k} for k in ("head", "neuron")}
    first = min(one.layer for one, _ in given)
    return _differences(
        pair,
        first,
        len(given),
        {i: change("head", i) for i in of["head"]},
        {i: change("neuron", i) for i in of["neuron"]},
    )


def _differences(
    pair: Pair, first: int, rows: int, heads: Mapping[int, Change], neurons: Mapping[int, Change]
) -> np.ndarray:
    clean = pair.clean
    with torch.no_grad():
        hidden = clean.values.inputs[first].expand(rows, -1, -1)
        logits = clean.parts.logits(clean.run(first, hidden, heads, neurons)).float()
    return np.asarray(pair.metric(logits).double().cpu().numpy())
