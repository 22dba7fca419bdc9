"""A fact's strongest units by place, so that they can be found again in prompts never used to
choose.

A chosen unit is (kind, layer, unit) at a place: a token told by its role. Scores are means over the
wordings and contrasts that units are chosen on. The places are those of the subject and the last
token: attention brings nothing of the subject to tokens before it, and tokens between have no
counterpart in another wording.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits.roles import Place, Roles
from kn_assets.knowledge.circuits.units import Kind, Unit, UnitScores

if TYPE_CHECKING:
    from kn_assets.knowledge.circuits.whole_prompt import WholePrompt


@dataclass(frozen=True)
class Chosen:
    """One unit by place. score: estimate, logits; 0 where it was drawn as a control."""

    kind: Kind
    layer: int
    unit: int
    place: Place
    score: float = 0.0


@dataclass(frozen=True, eq=False)
class Scored:
    """One prompt's scores, over its contrasts; run: its values, for controls."""

    roles: Roles
    scores: UnitScores
    run: WholePrompt


def places(all_roles: Sequence[Roles]) -> list[Place]:
    """The places that all prompts have, from the subject's first token to the last one."""
    of_first = [one for r in all_roles[:1] for one in map(r.place, range(r.n)) if one]
    return [p for p in of_first if all(r.position(p) is not None for r in all_roles)]


def by_place(scored: Sequence[Scored], kind: Kind, where: Sequence[Place]) -> np.ndarray:
    """Mean scores over prompts: float64 [L, places, units]."""
    values = [s.scores.of(kind)[:, _positions(s.roles, where)] for s in scored]
    return np.asarray(np.mean(values, 0, dtype=np.float64))


def choose(scored: Sequence[Scored], n: int, kinds: Sequence[Kind] = ("neuron",)) -> list[Chosen]:
    """The n units that carry most of the answer by their score, the strongest first.

    Units that speak against the answer have negative scores and aren't among them. Raises KnError
    where the prompts have no place in common.
    """
    return strongest({k: by_place(scored, k, _where(scored)) for k in kinds}, _where(scored), n)


def strongest(scores: dict[Kind, np.ndarray], where: Sequence[Place], n: int) -> list[Chosen]:
    """The n largest of some [L, places, units] scores, all over 0; equals in their order."""
    found: list[Chosen] = []
    for kind, values in scores.items():
        flat = values.reshape(-1)
        k = min(n, flat.size)
        at = np.sort(np.argpartition(-flat, k - 1)[:k])
        for i in at[flat[at] > 0]:
            layer, place, unit = np.unravel_index(int(i), values.shape)
            found.append(Chosen(kind, int(layer), int(unit), where[int(place)], float(flat[i])))
    return sorted(found, key=lambda c: -c.score)[:n]


def units_at(chosen: Collection[Chosen], roles: Roles) -> list[Unit]:
    """Chosen units in a prompt; those whose place it lacks are left out."""
    at = [(c, roles.position(c.place)) for c in chosen]
    return [Unit(c.kind, c.layer, p, c.unit) for c, p in at if p is not None]


def largest_change(scored: Sequence[Scored], changes: Sequence[Any], n: int) -> list[Chosen]:
    """The n neurons whose values differ most between prompts and contrasts, whatever that does.

    changes: of each prompt the mean |clean - contrast|, float [L, T, N].
    """
    where = _where(scored)
    mean = np.mean(
        [
            c[:, _positions(s.roles, where)].astype(np.float64)
            for s, c in zip(scored, changes, strict=True)
        ],
        0,
    )
    return strongest({"neuron": mean}, where, n)


def random_units(
    own: Sequence[Chosen], sizes: dict[Kind, int], rng: np.random.Generator
) -> list[Chosen]:
    """For each of `own` another unit of its kind, layer and place, none of own's, none twice.

    sizes: units of a layer by kind. Fewer where a layer has no more.
    """
    taken = {(c.kind, c.layer, c.unit, c.place) for c in own}
    found = []
    for one in own:
        for unit in rng.permutation(sizes[one.kind])[: len(taken) + 1].tolist():
            key = (one.kind, one.layer, int(unit), one.place)
            if key not in taken:
                taken.add(key)
                found.append(Chosen(*key[:3], one.place))
                break
    return found


def matched_units(own: Sequence[Chosen], scored: Sequence[Scored]) -> list[Chosen]:
    """For each neuron of `own` the one of its layer whose values at that place, in the prompts
    chosen on, are nearest to its own (least squares); none of own's, none twice.
    """
    return matched_sets(own, [(s.roles, s.run) for s in scored], 1)[0]


def matched_sets(
    own: Sequence[Chosen], prompts: Sequence[tuple[Roles, WholePrompt]], n: int
) -> list[list[Chosen]]:
    """`matched_units` in some prompts, then the nearest of the others, n sets. A prompt that lacks
    a place tells nothing of it.
    """
    taken = {(c.layer, c.unit, c.place) for c in own}
    nearest: list[list[int]] = []
    for one in own:
        values = _values(one, prompts)
        distance = np.square(values - values[:, one.unit, None]).sum(0)
        nearest.append(np.argsort(distance, kind="stable").tolist())
    sets: list[list[Chosen]] = []
    for _ in range(n):
        found = []
        for one, order in zip(own, nearest, strict=True):
            for unit in order:
                key = (one.layer, unit, one.place)
                if key not in taken:
                    taken.add(key)
                    found.append(Chosen("neuron", *key))
                    break
        sets.append(found)
    return sets


def _values(one: Chosen, prompts: Sequence[tuple[Roles, WholePrompt]]) -> np.ndarray:
    """The neurons of a layer at a place: float64 [prompts that have it, N]."""
    at = [(run, roles.position(one.place)) for roles, run in prompts]
    found = [run.values.neurons[one.layer][p].cpu().numpy() for run, p in at if p is not None]
    width = prompts[0][1].values.neurons[one.layer].shape[-1]
    return np.asarray(found, np.float64).reshape(-1, width)


def _where(scored: Sequence[Scored]) -> list[Place]:
    where = places([s.roles for s in scored])
    if not where:
        raise KnError("the prompts have no token in common to choose units at")
    return where


def _positions(roles: Roles, where: Sequence[Place]) -> list[int]:
    """Where places are in a prompt that has them."""
    found = [roles.position(place) for place in where]
    return [at for at in found if at is not None]
