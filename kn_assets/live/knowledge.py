"""Attribution and interventions on a question of one's own, or on any prompt of a fact, live.

The same functions as those that make the tables `attributions` and `interventions`, with controls
for every change: random neurons in several draws, activation-matched neurons, and the same neurons
on other facts, those of the same subject by themselves. Nothing is written, but of a fact that is
asked on demand.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.errors import KnError
from kn_assets.knowledge.attribution import RULE, Attribution, attribute
from kn_assets.knowledge.controls import matched_neurons, random_neurons
from kn_assets.knowledge.interventions import Change, change
from kn_assets.knowledge.last_token import LastToken
from kn_assets.knowledge.questions import Question
from kn_assets.knowledge.refine import THRESHOLD
from kn_assets.knowledge.scores import FLOOR
from kn_assets.lake import Lake
from kn_assets.live import facts
from kn_assets.live.float32 import float32_model
from kn_assets.live.numbers import to_json
from kn_assets.live.questions import Asker, Told, top
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

MOST_NEURONS = 400
MOST_CHANGED = 200
DRAWS = 8
_LAYERS = 6  # attributed between two words of progress

Neurons = Sequence[tuple[int, int]]


class LiveKnowledge:
    """An atlas' model in float32, as the stored tables are made, with the facts of its corpus."""

    def __init__(self, loaded: LoadedModel, told: Told | None) -> None:
        self.loaded, self._told = loaded, told
        self._asker = Asker(loaded, told)
        self._of: tuple[Lake, str, object] | None = None

    @classmethod
    def of(cls, lake: Lake, key: str, progress: Progress) -> LiveKnowledge:
        """Load the model of an atlas. Raises KnError as `float32_model`."""
        loaded = float32_model(lake, key, progress)
        stamp = Told.stamp(lake, key)
        made = cls(loaded, Told.of(lake, key))
        made._of = lake, key, stamp
        return made

    def answer(self, asked: dict[str, Any], progress: Progress) -> bytes:
        """Do what `asked["do"]` says, attribute, change or fact; JSON as UTF-8."""
        self._look()
        work = {"attribute": self.attribute, "change": self.change, "fact": self.fact}[asked["do"]]
        return to_json(work(asked, progress)).encode()

    def _look(self) -> None:
        """Take up the facts again where others were made: an id is another fact then."""
        if self._of is None:
            return
        lake, key, before = self._of
        stamp = Told.stamp(lake, key)
        if stamp != before:
            self._told = Told.of(lake, key)
            self._asker = Asker(self.loaded, self._told)
            self._of = lake, key, stamp

    # -- on demand ---------------------------------------------------------------------------------

    def fact(self, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Ask a fact, or a sentence of one's own, as `live.facts.ask_on_demand` does."""
        assert self._of is not None
        lake, key, _ = self._of
        told = facts.checked(self._told)
        own = None if asked.get("text") is None else self._asker.own(asked)
        return facts.ask_on_demand(self.loaded, lake, key, told, asked, own, progress)

    # -- attribution -------------------------------------------------------------------------------

    def attribute(self, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Attribute an answer to the neurons of all layers, in `steps` steps.

        asked: as for `Asker.question`, and `steps`. `neurons` are rows of [layer, neuron, score,
        activation], highest score first, those over the stored tables' floor; `coarse` says how
        many of them are in the coarse set of Dai et al. 2021. `layers` holds the sum of each
        layer's scores, and P(answer) - P(answer with the layer zeroed).
        """
        question, about = self._asker.question(asked)
        last = self._asker.last(question)
        found = self._attributed(last, question.answer, int(asked["steps"]), progress)
        scores = found.scores
        largest = float(scores.max())
        layer, neuron = np.nonzero(scores >= (FLOOR * largest if largest > 0 else np.inf))
        order = np.argsort(-scores[layer, neuron], kind="stable")
        held = last.activations.float().cpu().numpy()
        rows = [
            [int(at), int(n), float(scores[at, n]), float(held[at, n])]
            for at, n in zip(layer[order], neuron[order], strict=True)
        ]
        return {
            **about,
            "steps": int(asked["steps"]),
            "rule": RULE,
            "n_over_floor": len(rows),
            "coarse": sum(row[2] >= THRESHOLD * largest for row in rows),
            "neurons": rows[:MOST_NEURONS],
            "layers": [
                {"attribution_sum": float(t), "probability_drop": float(d)}
                for t, d in zip(found.attribution_sums, found.probability_drops, strict=True)
            ],
        }

    def _attributed(
        self, last: LastToken, answer: int, steps: int, progress: Progress
    ) -> Attribution:
        n = self.loaded.parts.n_layers
        parts = []
        with progress.bar("attribution", n, "layers attributed") as bar:
            for start in range(0, n, _LAYERS):
                layers = range(start, min(n, start + _LAYERS))
                parts.append(attribute(last, answer, steps, RULE, layers))
                bar.advance(len(layers))
        return Attribution(
            list(range(n)),
            np.concatenate([p.scores for p in parts]),
            parts[0].actual,
            np.concatenate([p.zeroed for p in parts]),
        )

    # -- interventions -----------------------------------------------------------------------------

    def change(self, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Multiply `neurons` by `factor` at the answer position, and do the same to the controls.

        `conditions` has a row for each: selected, random (several draws), activation_matched, and
        other_fact and same_subject (the same neurons on other facts that the model knows; no row
        where there are none). Each trial
        has probability and rank before and after; `top_before` and `top_after` are of the first.
        """
        neurons = [(int(layer), int(neuron)) for layer, neuron in asked["neurons"]]
        factor = float(asked["factor"])
        if not 0 < len(neurons) <= MOST_CHANGED:
            raise KnError(f"change 1 to {MOST_CHANGED} neurons at a time")
        self._has(neurons)
        question, about = self._asker.question(asked)
        rng = np.random.default_rng([zlib.crc32(repr(question.ids).encode()), *map(sum, neurons)])
        width = self.loaded.parts.n_neurons
        own = self._asker.last(question).activations
        sets: dict[str, list[Neurons]] = {
            "selected": [neurons],
            "random": [random_neurons(neurons, width, rng) for _ in range(DRAWS)],
            "activation_matched": [matched_neurons(neurons, [own])],
        }
        others = self._asker.other_facts(asked, question, rng)
        n_others = sum(len(some) for some in others.values())
        rows = []
        with progress.bar("interventions", len(sets) + n_others, "interventions") as bar:
            for condition, tried in sets.items():
                rows.append(self._row(condition, question, tried, factor))
                bar.advance()
            for condition, some in others.items():
                each = []
                for other in some:
                    each.append(self._row(condition, other, [neurons], factor))
                    bar.advance()
                trials = [trial for row in each for trial in row["trials"]]
                rows.append({**each[0], "trials": trials})
        return {**about, "factor": factor, "n_neurons": len(neurons), "conditions": rows}

    def _row(
        self, condition: str, question: Question, tried: Sequence[Neurons], factor: float
    ) -> dict[str, Any]:
        changes = [Change(neurons, factor) for neurons in tried]
        found = change(self._asker.last(question), question.answer, changes)
        before, *after = found.rows(self.loaded.tokenizer)
        words = self._asker.words(question)
        return {
            "condition": condition,
            "trials": [
                {
                    "words": words,
                    "before": before["probability"],
                    "after": row["probability"],
                    "rank_before": before["rank"],
                    "rank_after": row["rank"],
                }
                for row in after
            ],
            "top_before": top(before),
            "top_after": top(after[0]),
        }

    def _has(self, neurons: Neurons) -> None:
        parts = self.loaded.parts
        for layer, neuron in neurons:
            if not (0 <= layer < parts.n_layers and 0 <= neuron < parts.n_neurons):
                raise KnError(f"there is no neuron ({layer}, {neuron}) in this model")
