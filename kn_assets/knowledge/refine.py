"""From attributions to knowledge neurons: those that a fact's prompts share (Dai et al. 2021).

Coarse set of a prompt: the neurons whose score is at least 0.2 times the largest over all layers.
Knowledge neurons of a fact: the neurons in the coarse set of at least a share p of its prompts. p
is the same for all facts of a relation: it starts at 0.7 and moves by 0.05 until the facts of the
relation have 2 to 5 neurons on average, at most 6 tries. Where none reaches that, the nearest try
is kept and reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from kn_assets.lake.schema import KNOWLEDGE

THRESHOLD = 0.2
FIRST_SHARE, STEP, TRIES = 70, 5, 6  # percent
FEWEST, MOST = 2.0, 5.0


@dataclass(frozen=True)
class Refinement:
    """Refinement of a relation's facts: share p, number of tries, and mean neurons per fact.

    `reached` says whether the mean lies within 2 to 5.
    """

    relation: str
    n_facts: int
    share: float
    tries: int
    mean_neurons: float

    def __str__(self) -> str:
        missed = "" if self.reached else " (target: 2 to 5)"
        return (
            f"{self.relation}: {self.mean_neurons:.1f} neurons per fact, shared by "
            f"{self.share:.0%} of its prompts{missed}"
        )

    @property
    def reached(self) -> bool:
        return FEWEST <= self.mean_neurons <= MOST


def coarse(attributions: pa.Table, threshold: float = THRESHOLD) -> pa.Table:
    """The rows of `attributions` in the coarse set of their prompt."""
    fact, number = (attributions[c].to_numpy() for c in ("fact_id", "prompt"))
    score = attributions["score"].to_numpy()
    _, prompt = np.unique(fact.astype(np.int64) << 16 | number, return_inverse=True)
    largest = np.full(prompt.max(initial=-1) + 1, -np.inf)
    np.maximum.at(largest, prompt, score)
    return attributions.filter(pa.array(score >= threshold * largest[prompt]))


def refine(
    attributions: pa.Table,
    facts: pa.Table,
    n_prompts: dict[int, int],
    shares: Mapping[str, float] | None = None,
) -> tuple[pa.Table, list[Refinement]]:
    """The table `knowledge_neurons`, in the order of its key, and each relation's refinement.

    n_prompts: fact id -> number of its attributed prompts; facts without neurons count in their
    relation's mean too. A neuron's score is the mean over all the fact's prompts, 0 where it was
    below the floor. shares: relation -> p, where it is given and not moved.
    """
    relation_of = dict(
        zip(facts["fact_id"].to_pylist(), facts["relation"].to_pylist(), strict=True)
    )
    set_of = dict(zip(facts["fact_id"].to_pylist(), facts["fact_set"].to_pylist(), strict=True))
    sums: dict[tuple[int, int, int], float] = {}
    for row in attributions.select(["fact_id", "layer", "neuron", "score"]).to_pylist():
        key = (row["fact_id"], row["layer"], row["neuron"])
        sums[key] = sums.get(key, 0.0) + row["score"]
    hits: dict[tuple[int, int, int], int] = {}
    for row in coarse(attributions).select(["fact_id", "layer", "neuron"]).to_pylist():
        key = (row["fact_id"], row["layer"], row["neuron"])
        hits[key] = hits.get(key, 0) + 1

    by_relation: dict[str, list[int]] = {}
    for fact in n_prompts:
        by_relation.setdefault(relation_of[fact], []).append(fact)
    rows, refinements = [], []
    for relation, members in by_relation.items():
        inside = set(members)
        of_relation = [(k, n, n_prompts[k[0]]) for k, n in hits.items() if k[0] in inside]
        tried: dict[int, list[tuple[int, int, int]]] = {}
        given = (shares or {}).get(relation)
        share = FIRST_SHARE if given is None else round(100 * given)
        while len(tried) < TRIES and 0 < share <= 100 and share not in tried:
            tried[share] = [key for key, n, of in of_relation if 100 * n >= share * of]
            mean = len(tried[share]) / len(members)
            if given is not None or FEWEST <= mean <= MOST:
                break
            share += STEP if mean > MOST else -STEP
        best = min(tried, key=lambda p: _outside(len(tried[p]) / len(members)))
        refinements.append(
            Refinement(
                relation, len(members), best / 100, len(tried), len(tried[best]) / len(members)
            )
        )
        rows += [
            {
                "fact_id": fact,
                "layer": layer,
                "neuron": neuron,
                "share": hits[fact, layer, neuron] / n_prompts[fact],
                "score": sums[fact, layer, neuron] / n_prompts[fact],
                "fact_set": set_of[fact],
            }
            for fact, layer, neuron in tried[best]
        ]
    rows.sort(key=lambda r: (r["fact_id"], r["layer"], r["neuron"]))
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["knowledge_neurons"].schema), refinements


def _outside(mean: float) -> float:
    """How far a mean lies from 2 to 5."""
    return max(FEWEST - mean, mean - MOST, 0.0)
