"""Attribution and interventions on a question of one's own, or on any wording of a fact, live.

The same functions as those that make the tables `attributions` and `interventions`, with controls
beside every change: random neurons several times over, equally active ones, and the same neurons on
facts that have nothing to do with the question. Nothing is written.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.tokens import pieces
from kn_assets.errors import KnError
from kn_assets.knowledge.answers import Outcomes
from kn_assets.knowledge.attribution import RULE, Attribution, attribute
from kn_assets.knowledge.interventions import Change, change, matched_neurons, random_neurons
from kn_assets.knowledge.last_token import LastToken, last_token
from kn_assets.knowledge.questions import Question, ask, single
from kn_assets.knowledge.refine import THRESHOLD
from kn_assets.knowledge.scores import FLOOR
from kn_assets.lake import Lake
from kn_assets.lake import corpus as corpora
from kn_assets.lake import model as partition
from kn_assets.live import plan_of, valid
from kn_assets.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

    from kn_assets.models.load import LoadedModel

MOST_NEURONS = 400
MOST_CHANGED = 200
DRAWS = 8
UNRELATED = 4
_LAYERS = 6  # attributed between two words of progress


@dataclass(frozen=True)
class _Told:
    """What there is to ask beside a question: the corpus' facts, and which the model knows."""

    facts: pa.Table
    prompts: pa.Table
    known: frozenset[int]


class LiveKnowledge:
    """An atlas' model in float32, as the stored tables are made, with the facts of its corpus."""

    def __init__(self, loaded: LoadedModel, told: _Told | None) -> None:
        self.loaded, self._told = loaded, told

    @classmethod
    def of(cls, lake: Lake, key: str, progress: Progress) -> LiveKnowledge:
        """Load the model of an atlas. Raises KnError as `plan_of`, and where it can't be read."""
        from kn_assets.models.load import load

        plan = plan_of(lake, key)
        loaded = load(plan.source, lake, "float32", attention="eager", progress=progress)
        return cls(loaded, _told(lake, key))

    def answer(self, asked: dict[str, Any], progress: Progress) -> bytes:
        """Do what `asked["do"]` says, attribute or change; JSON as UTF-8."""
        work = {"attribute": self.attribute, "change": self.change}[asked["do"]]
        return json.dumps(work(asked, progress), allow_nan=False).encode()

    # -- attribution -------------------------------------------------------------------------------

    def attribute(self, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Attribute an answer to the neurons of all layers, in `steps` steps.

        asked: `fact` and `paraphrase`, or `text` and `answer`; `steps`. `neurons` are rows of
        [layer, neuron, score, activation], highest score first, those over the stored tables'
        floor; `coarse` says how many of them are in the coarse set of Dai et al. 2021. `layers`
        holds the sum of each layer's scores, and P(answer) - P(answer with the layer zeroed).
        """
        question, about = self._question(asked)
        last = last_token(self.loaded, question.ids)
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
                {"total": float(t), "difference": float(d)}
                for t, d in zip(found.totals, found.differences, strict=True)
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

        `controls` has a row for each: own, random (several draws), matched, unrelated (the same
        neurons on other questions). Each trial holds probability and rank before and after;
        `top_before` and `top_after` are of the first one.
        """
        neurons = [(int(layer), int(neuron)) for layer, neuron in asked["neurons"]]
        factor = float(asked["factor"])
        if not 0 < len(neurons) <= MOST_CHANGED:
            raise KnError(f"change 1 to {MOST_CHANGED} neurons at a time")
        question, about = self._question(asked)
        last = last_token(self.loaded, question.ids)
        self._has(neurons)
        rng = np.random.default_rng([zlib.crc32(repr(question.ids).encode()), *map(sum, neurons)])
        width = self.loaded.parts.n_neurons
        sets: dict[str, list[Any]] = {
            "own": [neurons],
            "random": [random_neurons(neurons, width, rng) for _ in range(DRAWS)],
            "matched": [matched_neurons(neurons, [last.activations])],
        }
        others = self._unrelated(asked, question, rng)
        rows = []
        with progress.bar("interventions", len(sets) + len(others), "interventions") as bar:
            for control, tried in sets.items():
                rows.append(self._row(control, last, question, tried, factor, about["ends"]))
                bar.advance()
            unrelated = []
            for other, told in others:
                other_last = last_token(self.loaded, other.ids)
                unrelated.append(self._row("unrelated", other_last, other, [neurons], factor, told))
                bar.advance()
        if unrelated:
            trials = [trial for row in unrelated for trial in row["trials"]]
            rows.append({**unrelated[0], "trials": trials})
        return {**about, "factor": factor, "n_neurons": len(neurons), "controls": rows}

    def _row(
        self,
        control: str,
        last: LastToken,
        question: Question,
        tried: Sequence[Sequence[tuple[int, int]]],
        factor: float,
        words: str,
    ) -> dict[str, Any]:
        found = change(last, question.answer, [Change(neurons, factor) for neurons in tried])
        before, *after = found.rows(self.loaded.tokenizer)
        return {
            "control": control,
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
            "top_before": _top(before),
            "top_after": _top(after[0]),
        }

    def _has(self, neurons: Sequence[tuple[int, int]]) -> None:
        parts = self.loaded.parts
        for layer, neuron in neurons:
            if not (0 <= layer < parts.n_layers and 0 <= neuron < parts.n_neurons):
                raise KnError(f"there is no neuron ({layer}, {neuron}) in this model")

    def _unrelated(
        self, asked: dict[str, Any], question: Question, rng: np.random.Generator
    ) -> list[tuple[Question, str]]:
        """Facts of another subject and another answer; those that the model knows, if any."""
        if self._told is None:
            return []
        rows = self._told.facts.to_pylist()
        known = [row for row in rows if row["fact_id"] in self._told.known] or rows
        own = next((row for row in rows if row["fact_id"] == asked.get("fact")), None)
        if own is not None:
            same = [row for row in known if row["relation"] == own["relation"]]
            names = {own["subject"], own["object"]}
            known = [r for r in same or known if not names & {r["subject"], r["object"]}]
        else:
            said = f"{asked['text']} {asked['answer']}".casefold()
            known = [
                row
                for row in known
                if row["subject"].casefold() not in said and row["object"].casefold() not in said
            ]
        chosen = rng.permutation(len(known))[: 4 * UNRELATED]
        found = []
        for row in [known[i] for i in chosen]:
            try:
                other, about = self._question({"fact": row["fact_id"], "paraphrase": None})
            except KnError:
                continue  # one that has no token to be scored by
            if other.answer != question.answer:
                found.append((other, about["ends"]))
        return found[:UNRELATED]

    # -- questions ---------------------------------------------------------------------------------

    def _question(self, asked: dict[str, Any]) -> tuple[Question, dict[str, Any]]:
        """The question, and what is said of it: how it is asked, scored and answered."""
        if asked.get("fact") is not None:
            question, whole = self._of_fact(asked["fact"], asked.get("paraphrase"))
        else:
            question, whole = self._own(valid(str(asked["text"])), valid(str(asked["answer"])))
        shown = pieces(self.loaded.tokenizer, list(question.ids))
        cut = len(shown) - question.n_given
        token = self.loaded.tokenizer.decode([question.answer])
        last = last_token(self.loaded, question.ids)
        logits = last.parts.logits(last.final)[:, 0]
        (outcome,) = Outcomes.of(logits, [question.answer]).rows(self.loaded.tokenizer)
        return question, {
            "tokens": shown[:cut],
            "given": "".join(shown[cut:]),
            "answer_token": token,
            "answer_tokens": whole,
            "ends": f"{''.join(shown)} →{token}",
            "probability": outcome["probability"],
            "rank": outcome["rank"],
            "top": _top(outcome),
        }

    def _of_fact(self, fact: int, paraphrase: int | None) -> tuple[Question, int]:
        if self._told is None:
            raise KnError("this corpus has no facts yet: `kn knowledge` tells them")
        context = self.loaded.parts.context
        tokenizer = self.loaded.tokenizer
        found = ask(tokenizer, self._told.facts, self._told.prompts, [fact], context).asked
        chosen = [q for q in found if paraphrase is None or q.paraphrase == paraphrase]
        if not chosen:
            raise KnError(f"fact {fact} has no wording {paraphrase} that this model can be asked")
        return chosen[0], chosen[0].n_given + 1

    def _own(self, text: str, answer: str) -> tuple[Question, int]:
        """A sentence of one's own, whose answer is told apart from other objects of its kind."""
        question = single(self.loaded.tokenizer, text, answer)
        if len(question.ids) >= self.loaded.parts.context:
            raise KnError(f"this sentence is longer than the {self.loaded.parts.context} tokens")
        return told_apart(self.loaded.tokenizer, question, text, answer, self._others(answer))

    def _others(self, answer: str) -> list[str]:
        """The other objects of the relations in which `answer` is one."""
        if self._told is None:
            return []
        relations: dict[str, set[str]] = {}
        for row in self._told.facts.select(["relation", "object"]).to_pylist():
            relations.setdefault(row["relation"], set()).add(row["object"])
        name = answer.strip()
        return sorted({o for held in relations.values() if name in held for o in held} - {name})


def told_apart(
    tokenizer: Any, question: Question, text: str, answer: str, others: Sequence[str]
) -> tuple[Question, int]:
    """The question scored by the first token of `answer` that no name in `others` shares.

    The tokens before it are given to the model, as `kn_assets.knowledge.questions` does. Where
    there is none, since another name begins with the whole answer, the first token is scored.
    Returns the question and the number of the answer's tokens.
    """
    text = text.rstrip()
    start, *whole = tokenizer([text, *(f"{text} {name}" for name in [answer.strip(), *others])])[
        "input_ids"
    ]
    own, *rest = (ids[len(start) :] for ids in whole)
    at = next((i for i in range(len(own)) if all(o[: i + 1] != own[: i + 1] for o in rest)), 0)
    ids = (*question.ids, *own[:at])
    return Question(question.fact_id, question.paraphrase, ids, own[at], at), len(own)


def _told(lake: Lake, key: str) -> _Told | None:
    if lake.meta(partition(key), "atlases") is None:
        return None
    where = corpora(lake.read(partition(key), "atlases", ["corpus"])["corpus"][0].as_py())
    if lake.meta(where, "facts") is None or lake.meta(where, "fact_prompts") is None:
        return None
    known: frozenset[int] = frozenset()
    if lake.meta(partition(key), "fact_answers") is not None:
        answers = lake.read(partition(key), "fact_answers", ["fact_id", "rank"]).to_pylist()
        known = frozenset(row["fact_id"] for row in answers if row["rank"] == 1)
    return _Told(lake.read(where, "facts"), lake.read(where, "fact_prompts"), known)


def _top(outcome: dict[str, Any]) -> list[list[Any]]:
    """The likeliest next tokens as [token, probability]."""
    pairs = zip(outcome["top"], outcome["top_probabilities"], strict=True)
    return [[token, probability] for token, probability in pairs]
