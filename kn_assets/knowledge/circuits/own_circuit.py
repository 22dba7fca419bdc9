"""The circuit of a pair of one's own: its units by an estimate, what they buy, and single effects.

Chosen and measured on the same pair, which flatters: there is no other wording and no other
contrast to measure on. Beside its units stand random ones of the same layers and tokens. Rows have
the names of the columns of tables, and more where there is no column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.knowledge.circuits.curves import SIZES, Measure
from kn_assets.knowledge.circuits.gradients import difference_times, mean_gradients
from kn_assets.knowledge.circuits.pair import Pair
from kn_assets.knowledge.circuits.patching import effects, left_alone, patched
from kn_assets.knowledge.circuits.units import Unit, UnitScores

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.progress import Progress

UNITS = 300
"""Units that are patched alone, the strongest; and those of the circuit that are drawn."""
MOST = 3000
"""Units of the circuit, the strongest."""
AT_ONCE = 50
"""Units patched alone between two words of progress."""
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Estimated:
    """A pair with estimates by integrated gradients. gradients: by place, see `mean_gradients`;
    circuit: its neurons for the answer, the strongest first; controls: as many random ones.
    """

    pair: Pair
    gradients: list[Tensor]
    scores: UnitScores
    circuit: list[Unit]
    controls: list[Unit]

    @classmethod
    def of(cls, pair: Pair, seed: int = 0) -> Estimated:
        """Estimate all units of a pair. Raises KnError where a gradient isn't finite."""
        gradients = mean_gradients(pair)
        scores = difference_times(pair, gradients)
        circuit = for_the_answer(scores, MOST)
        rng = np.random.default_rng(seed)
        return cls(pair, gradients, scores, circuit, _random(circuit, pair, rng))

    @property
    def strongest(self) -> list[Unit]:
        """Neurons and heads that are patched alone."""
        return self.scores.strongest(UNITS)


def for_the_answer(scores: UnitScores, n: int) -> list[Unit]:
    """The n neurons with the highest scores over 0, at any token; equals in their order."""
    flat = scores.neurons.reshape(-1)
    k = min(n, flat.size)
    at = np.sort(np.argpartition(-flat, k - 1)[:k])
    at = at[np.argsort(-flat[at], kind="stable")]
    places = np.unravel_index(at[flat[at] > 0], scores.neurons.shape)
    return [Unit("neuron", *(int(x) for x in one)) for one in zip(*places, strict=True)]


def single_effects(pair: Pair, units: Sequence[Unit], progress: Progress) -> np.ndarray:
    """What the logit difference loses by each unit alone at the contrast's value: [units], logits.

    Raises KnError as `patching`.
    """
    order = sorted(range(len(units)), key=lambda i: units[i].layer)
    found = np.empty(len(units))
    with progress.bar("effects", len(units), "units patched") as bar:
        for start in range(0, len(units), AT_ONCE):
            some = order[start : start + AT_ONCE]
            found[some] = effects(pair, [units[i] for i in some])
            bar.advance(len(some))
    return found


def unit_rows(of: Estimated, measured: Mapping[Unit, float]) -> list[Row]:
    """The units of the picture, each once: the strongest, and the first of the circuit. measured:
    effects of single units, in logits.
    """
    ranks = {unit: i for i, unit in enumerate(of.circuit, 1)}
    shown = dict.fromkeys([*of.strongest, *of.circuit[:UNITS]])
    return [
        {
            "kind": unit.kind,
            "layer": unit.layer,
            "unit": unit.unit,
            "position": unit.position,
            "estimate": of.scores.score(unit),
            "effect": measured.get(unit),
            "rank": ranks.get(unit),
            "carries": None,
        }
        for unit in shown
    ]


def cell_rows(of: Estimated) -> list[Row]:
    """Sums of each layer's MLP and attention at each token, and the embeddings."""
    n, length = of.scores.heads.shape[:2]
    cells = [
        Unit(kind, layer, at)
        for kind in ("mlp", "attention")
        for layer in range(n)
        for at in range(length)
    ]
    cells += [Unit("embedding", 0, at) for at in range(length)]
    sums = {kind: of.scores.of(kind) for kind in ("mlp", "attention", "embedding")}
    return [
        {
            "kind": cell.kind,
            "layer": cell.layer,
            "position": cell.position,
            "estimate": float(
                sums[cell.kind][cell.position]
                if cell.kind == "embedding"
                else sums[cell.kind][cell.layer, cell.position]
            ),
        }
        for cell in cells
    ]


def curve_rows(of: Estimated) -> list[Row]:
    """What units buy by their number, and as many random ones: shares lost and kept, None where
    there is nothing to lose. Raises KnError as `patching`.
    """
    sets = {"circuit": of.circuit, "random": of.controls}
    rows: list[Row] = []
    for measure in ("lost", "kept"):
        asked = [(c, n) for c, some in sets.items() for n in SIZES[measure] if n <= len(some)]
        units = [sets[c][:n] for c, n in asked]
        shares = _shares(of.pair, measure, units)
        rows += [
            {"condition": c, "measure": measure, "n_units": n, "share": share}
            for (c, n), share in zip(asked, shares, strict=True)
        ]
    return rows


def _shares(pair: Pair, measure: Measure, units: Sequence[Sequence[Unit]]) -> list[float | None]:
    whole = pair.difference
    if measure == "lost":
        found, most = whole - patched(pair, units), whole
    else:
        none, *rest = left_alone(pair, [[], *units])
        found, most = np.array(rest) - none, whole - none
    return [float(x / most) if most else None for x in found]


def _random(own: Sequence[Unit], pair: Pair, rng: np.random.Generator) -> list[Unit]:
    """For each neuron of `own` another one of its layer and token, none of own's, none twice; fewer
    where a layer has no more.
    """
    n = pair.clean.parts.n_neurons
    free: dict[tuple[int, int], list[int]] = {}
    taken: dict[tuple[int, int], set[int]] = {}
    for one in own:
        taken.setdefault((one.layer, one.position), set()).add(one.unit)
    for at, units in taken.items():
        free[at] = [int(u) for u in rng.permutation(n) if int(u) not in units]
    found = []
    for one in own:
        if left := free[one.layer, one.position]:
            found.append(Unit("neuron", one.layer, one.position, left.pop()))
    return found
