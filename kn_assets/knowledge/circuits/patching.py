"""Activation patching: units get the contrast's values, and the model runs on.

What patching tells is measured, not estimated (Vig et al. 2020; Meng et al. 2022, arXiv 2202.05262;
Zhang and Nanda 2023, arXiv 2309.16042). Set in the clean prompt, the contrast's values take away
what the units carry (*lost*); set everywhere but at the units, they leave what the units carry
alone (*kept*, as in Marks et al. 2024, arXiv 2403.19647). Everything after a change is computed
from it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.units import Kind, Unit
from kn_assets.knowledge.circuits.whole_prompt import Change

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair

ROWS = 50
"""Changed prompts of a pass: about where the passes of small models are quickest."""


def patched(pair: Pair, sets: Sequence[Collection[Unit]], rows: int = ROWS) -> np.ndarray:
    """The clean prompt's logit difference with each set of units at the contrast's values: [sets].

    Raises KnError where a unit isn't the model's or the prompt's, or a block overflows.
    """
    return _runs(pair, sets, _patch, rows)


def left_alone(
    pair: Pair,
    sets: Sequence[Collection[Unit]],
    kinds: Sequence[Kind] = ("neuron",),
    rows: int = ROWS,
) -> np.ndarray:
    """The clean prompt's logit difference with all units of `kinds` (neuron, head) but each set's
    at the contrast's values: [sets]. Embeddings stay. Raises KnError as `patched`.
    """
    return _runs(pair, sets, lambda p, s: _leave(p, s, kinds), rows)


def effects(pair: Pair, units: Sequence[Unit], rows: int = ROWS) -> np.ndarray:
    """What the logit difference loses by each unit alone at the contrast's value: [units], logits.

    Positive where the unit carries the answer. Raises KnError as `patched`.
    """
    order = sorted(range(len(units)), key=lambda i: units[i].layer)
    found = np.empty(len(units))
    found[order] = pair.difference - patched(pair, [[units[i]] for i in order], rows)
    return found


def cell_effects(pair: Pair, kind: Kind, rows: int = ROWS) -> np.ndarray:
    """The effects of all cells of a kind (stream, mlp, attention): [L, T], logits."""
    n, length = pair.clean.parts.n_layers, len(pair.clean.ids)
    units = [Unit(kind, layer, at) for layer in range(n) for at in range(length)]
    return effects(pair, units, rows).reshape(n, length)


@dataclass(eq=False)
class _Changes:
    """What a run changes, by layer, and the first layer that changes anything."""

    inputs: dict[int, Change] = field(default_factory=dict)
    heads: dict[int, Change] = field(default_factory=dict)
    neurons: dict[int, Change] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return min([*self.inputs, *self.heads, *self.neurons])


_Make = Callable[["Pair", Sequence[Collection[Unit]]], _Changes]


def _runs(pair: Pair, sets: Sequence[Collection[Unit]], make: _Make, rows: int) -> np.ndarray:
    clean = pair.clean
    found = np.empty(len(sets))
    for start in range(0, len(sets), rows):
        some = sets[start : start + rows]
        for units in some:
            _refuse_unknown(pair, units)
        changes = make(pair, some)
        if not (changes.inputs or changes.heads or changes.neurons):
            found[start : start + len(some)] = pair.difference
            continue
        first = changes.first
        with torch.no_grad():
            hidden = clean.values.inputs[first].expand(len(some), -1, -1)
            last = clean.run(first, hidden, changes.heads, changes.neurons, changes.inputs)
            logits = clean.parts.logits(last).float()
        found[start : start + len(some)] = pair.metric(logits).double().cpu().numpy()
    return found


_Where = tuple[list[int], list[int], list[int]]
"""Rows, positions and columns of [rows, T, width]; column -1 is all."""


def _patch(pair: Pair, sets: Sequence[Collection[Unit]]) -> _Changes:
    changes, other = _Changes(), pair.other
    for layer, at in _places(pair, sets, ("stream", "embedding")).items():
        changes.inputs[layer] = _set(at, other.inputs[layer])
    for layer, at in _places(pair, sets, ("head", "attention")).items():
        changes.heads[layer] = _set(at, other.heads[layer])
    for layer, at in _places(pair, sets, ("neuron", "mlp")).items():
        changes.neurons[layer] = _set(at, other.neurons[layer])
    return changes


def _leave(pair: Pair, sets: Sequence[Collection[Unit]], kinds: Collection[Kind]) -> _Changes:
    changes, other = _Changes(), pair.other
    mine: tuple[tuple[Kind, Kind, dict[int, Change], list[Tensor]], ...] = (
        ("head", "attention", changes.heads, other.heads),
        ("neuron", "mlp", changes.neurons, other.neurons),
    )
    for unit, cell, into, values in mine:
        if unit in kinds:
            at = _places(pair, sets, (unit, cell))
            for layer, of_layer in enumerate(values):
                into[layer] = _all_but(at.get(layer, _nowhere()), of_layer)
    return changes


def _set(at: Sequence[_Where], other: Tensor) -> Change:
    def change(values: Tensor) -> Tensor:
        values = values.clone()
        for rows, positions, columns in at:
            if columns:
                values[rows, positions, columns] = other[positions, columns]
            elif rows:
                values[rows, positions] = other[positions]
        return values

    return change


def _all_but(at: Sequence[_Where], other: Tensor) -> Change:
    def change(values: Tensor) -> Tensor:
        changed = other.expand_as(values).clone()
        for rows, positions, columns in at:
            if columns:
                changed[rows, positions, columns] = values[rows, positions, columns]
            elif rows:
                changed[rows, positions] = values[rows, positions]
        return changed

    return change


def _nowhere() -> tuple[_Where, _Where]:
    return ([], [], []), ([], [], [])


def _places(
    pair: Pair, sets: Sequence[Collection[Unit]], kinds: Collection[Kind]
) -> dict[int, tuple[_Where, _Where]]:
    """By layer: single columns, and whole cells (whose columns are an empty list)."""
    layout = pair.clean.layout
    width = pair.clean.values.heads[0].shape[-1] // layout.n_heads
    found: dict[int, tuple[_Where, _Where]] = {}
    for row, units in enumerate(sets):
        for one in units:
            if one.kind not in kinds:
                continue
            single, whole = found.setdefault(one.layer, _nowhere())
            if one.kind == "neuron":
                _note(single, row, one.position, one.unit)
            elif one.kind == "head":
                for column in range(one.unit * width, (one.unit + 1) * width):
                    _note(single, row, one.position, column)
            else:
                whole[0].append(row)
                whole[1].append(one.position)
    return found


def _note(at: _Where, row: int, position: int, column: int) -> None:
    at[0].append(row)
    at[1].append(position)
    at[2].append(column)


def _refuse_unknown(pair: Pair, units: Collection[Unit]) -> None:
    layout, length = pair.clean.layout, len(pair.clean.ids)
    most = {"neuron": layout.parts.n_neurons, "head": layout.n_heads}
    for one in units:
        in_model = 0 <= one.layer < layout.parts.n_layers
        in_layer = 0 <= one.unit < most[one.kind] if one.kind in most else one.unit == -1
        if not (in_model and in_layer and 0 <= one.position < length):
            raise KnError(
                f"there is no {one.kind} {one.unit} in layer {one.layer} at token {one.position}: "
                f"the model has {layout.parts.n_layers} layers of {layout.parts.n_neurons} neurons "
                f"and {layout.n_heads} heads, the prompt {length} tokens, all from 0"
            )
