"""The controls of an intervention: other neurons, and other facts.

- random: the same number of neurons of each layer, drawn among all others of the layer, 8 times;
- activation_matched: for each neuron the one of its layer whose activations at the answer positions
  of the fact's prompts are nearest to its own (least squares), no neuron twice; then the next
  nearest, in 4 sets;
- other_fact: the same knowledge neurons, on 5 other facts of the same relation with another subject
  and another object (of other relations where there are none), 3 prompts each;
- same_subject: the same knowledge neurons, on the other facts about the same subject, such as a
  city's continent: neurons that move those as well say only which subject it is.

Other facts are controls only where the model knows them: an answer that it doesn't give can't be
lost. Several draws tell how much chance there is in a control.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from torch import Tensor

RANDOM_SETS = 8
MATCHED_SETS = 4
OTHER_FACTS = 5
OTHER_PROMPTS = 3

Neurons = Sequence[tuple[int, int]]
"""Neurons as (layer, neuron)."""


def random_neurons(own: Neurons, n_neurons: int, rng: np.random.Generator) -> Neurons:
    """As many neurons of each layer as `own` has there, drawn among the others of the layer."""
    found: list[tuple[int, int]] = []
    for layer in sorted({layer for layer, _ in own}):
        taken = [neuron for at, neuron in own if at == layer]
        free = np.setdiff1d(np.arange(n_neurons), taken)
        _enough(layer, len(free), len(taken))
        found += [(layer, int(n)) for n in rng.choice(free, len(taken), replace=False)]
    return found


def matched_neurons(own: Neurons, activations: Sequence[Tensor]) -> Neurons:
    """For each of `own`, in its order, the free neuron of its layer with the nearest activations.

    activations: [layers, neurons] at the answer position of each of the fact's prompts.
    """
    return matched_sets(own, activations, 1)[0]


def matched_sets(own: Neurons, activations: Sequence[Tensor], n: int) -> list[Neurons]:
    """The nearest neurons as `matched_neurons`, then the nearest of the others, up to n sets.

    Fewer where a layer has no more. Raises KnError where it has none.
    """
    import torch

    taken: dict[int, set[int]] = {}
    for layer, neuron in own:
        taken.setdefault(layer, set()).add(neuron)
    values = {layer: torch.stack([a[layer].float() for a in activations]) for layer in taken}
    needed = {layer: len(some) for layer, some in taken.items()}
    sets: list[Neurons] = []
    while len(sets) < n:
        free = {layer: v.shape[1] - len(taken[layer]) for layer, v in values.items()}
        if sets and any(free[layer] < needed[layer] for layer in free):
            break
        found = []
        for layer, neuron in own:
            of_layer = values[layer]
            _enough(layer, of_layer.shape[1] - len(taken[layer]), 1)
            distance = (of_layer - of_layer[:, neuron, None]).square().sum(0)
            distance[list(taken[layer])] = torch.inf
            nearest = int(distance.argmin())
            taken[layer].add(nearest)
            found.append((layer, nearest))
        sets.append(found)
    return sets


def other_facts(
    own: dict[str, Any], known: dict[int, dict[str, Any]], rng: np.random.Generator, n: int
) -> list[int]:
    """Up to n known facts with another subject and object, of the same relation where there are."""
    names = {own["subject"], own["object"]}
    others = [f for f in known.values() if not names & {f["subject"], f["object"]}]
    same = [f["fact_id"] for f in others if f["relation"] == own["relation"]]
    found = sorted(same or [f["fact_id"] for f in others])
    return [found[i] for i in rng.permutation(len(found))[:n]]


def same_subject(own: dict[str, Any], known: dict[int, dict[str, Any]]) -> list[int]:
    """The known facts of other relations about the same subject, but those of the same object."""
    return sorted(
        f["fact_id"]
        for f in known.values()
        if f["subject"] == own["subject"]
        and f["relation"] != own["relation"]
        and f["object"] != own["object"]
    )


def _enough(layer: int, free: int, needed: int) -> None:
    if free < needed:
        raise KnError(f"layer {layer} has fewer than {needed} other neurons for a control")
