"""A fact, or a sentence of one's own with its answer, asked of an atlas' model on demand.

What `kn_assets.knowledge.on_demand` makes, with the lens of the fact's prompts by layers, kept
beside the atlas unless that isn't wanted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from kn_assets.errors import KnError
from kn_assets.knowledge import on_demand
from kn_assets.knowledge.on_demand import Rows
from kn_assets.knowledge.questions import Question, ask
from kn_assets.lake import Lake, asked
from kn_assets.lake import corpus as corpora
from kn_assets.lake import model as partition
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.live.questions import Told
from kn_assets.progress import Bar, Progress
from kn_assets.training.steps import log
from kn_assets.training.steps.facts import fact_lens, saturation_layer

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

OWN = "own sentence"
"""The relation of a sentence of one's own, whose neurons share none of the stored choices."""


class _Titled(Progress):
    """Says of what the units of each bar are."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        with self._progress.bar(title, total, f"{unit}: {title}", done) as bar:
            yield bar

    def say(self, text: str) -> None:
        self._progress.say(text)


def ask_on_demand(
    loaded: LoadedModel,
    lake: Lake,
    key: str,
    told: Told,
    asking: dict[str, Any],
    own: Question | None,
    progress: Progress,
) -> dict[str, Any]:
    """Ask a fact as `asking` says; gives what a person is told of it.

    asking: `fact`, or `text` and `answer`, whose question is `own`; `what` of `on_demand.WHAT`;
    `anyway`: attribute an answer that the model doesn't know; `final`: [layer, neuron, score] of
    the last checkpoint's knowledge neurons, or None; `keep`: put it into the lake. The result:
    n_prompts, n_correct, known, attributed, probability (mean of the telling token), neurons as
    [layer, neuron, score], share and share_of, seconds, and kept. Raises KnError where the fact
    can't be asked.
    """
    began = time.perf_counter()
    progress = _Titled(progress)
    atlas = partition(key)
    made_of = asked.identity(lake, atlas)
    facts, asked_now = _questions(loaded, told, asking, own)
    settings = on_demand.stored_settings(lake, atlas)
    what = asking["what"]
    shares = on_demand.stored_shares(lake, atlas, told.facts) if what != "ask" else {}
    known: list[Question] = []
    if what == "change" and told.known:
        context = loaded.parts.context
        known = ask(loaded.tokenizer, told.facts, told.prompts, told.known, context).asked
    fact = asked_now[0].fact_id
    rows = on_demand.ask_fact(
        loaded,
        asked_now,
        facts,
        what,
        settings,
        shares,
        known,
        on_demand.final_neurons(fact, asking.get("final")),
        asking["anyway"],
        progress,
    )
    rows = _with_lens(rows, loaded, lake, key, asked_now, own is not None, progress)
    seconds = time.perf_counter() - began
    if asking["keep"]:
        about = {
            "fact_id": fact,
            "text": asking.get("text"),
            "answer": asking.get("answer"),
            "what": what,
            "attributed": rows.attributed,
            "share": rows.share,
            "share_of": rows.share_of,
            "seconds": seconds,
            "fact_set": asked_now[0].fact_set,
        }
        asked.keep(lake, atlas, about, rows.tables, made_of)
    return _told(rows, seconds, asking["keep"])


def _questions(
    loaded: LoadedModel, told: Told, asking: dict[str, Any], own: Question | None
) -> tuple[pa.Table, list[Question]]:
    """All facts, a sentence of one's own among them, and the questions of the one that is asked."""
    if own is None:
        context = loaded.parts.context
        return told.facts, ask(
            loaded.tokenizer, told.facts, told.prompts, [asking["fact"]], context
        ).asked
    fact_set = next(iter(told.facts["fact_set"].to_pylist()), "") or ""
    fact = asked.own_id(asking["text"], asking["answer"])
    row = {
        "fact_id": fact,
        "relation": OWN,
        "subject": asking["text"],
        "object": asking["answer"].strip(),
        "city_id": None,
        "fact_set": fact_set,
    }
    mine = pa.Table.from_pylist([row], schema=KNOWLEDGE["facts"].schema)
    facts = pa.concat_tables([told.facts.cast(mine.schema), mine])
    return facts, [replace(own, fact_id=fact, fact_set=fact_set)]


def _with_lens(
    rows: Rows,
    loaded: LoadedModel,
    lake: Lake,
    key: str,
    asked_now: list[Question],
    is_own: bool,
    progress: Progress,
) -> Rows:
    """The answers with the saturation layer of each prompt, and whether it was trained on."""
    lens = fact_lens(loaded, asked_now, progress)
    ranks = lens["rank"].to_numpy().reshape(len(asked_now), -1)
    layers = [saturation_layer(of.tolist()) for of in ranks]
    trained = None if is_own else _trained(lake, key)
    seen = [None if trained is None else (q.fact_id, q.prompt) in trained for q in asked_now]
    answers = rows.tables["fact_answers"]
    answers = answers.append_column("saturation_layer", pa.array(layers, pa.int16()))
    answers = answers.append_column("trained", pa.array(seen, pa.bool_()))
    return replace(rows, tables={**rows.tables, "fact_answers": answers})


def _trained(lake: Lake, key: str) -> set[tuple[int, int]] | None:
    corpus = lake.read(partition(key), "atlases", ["corpus"])["corpus"][0].as_py()
    return log.trained_prompts(lake, key.partition("@")[0], corpora(corpus))


def _told(rows: Rows, seconds: float, kept: bool) -> dict[str, Any]:
    answers = rows.tables["fact_answers"]
    neurons = rows.tables.get("knowledge_neurons")
    found = [] if neurons is None else neurons.sort_by([("score", "descending")]).to_pylist()
    return {
        "n_prompts": len(answers),
        "n_correct": sum(answers["greedy"].to_pylist()),
        "known": rows.known,
        "attributed": rows.attributed,
        "probability": float(np.mean(answers["probability"].to_numpy())),
        "neurons": [[row["layer"], row["neuron"], row["score"]] for row in found],
        "share": rows.share,
        "share_of": rows.share_of,
        "seconds": seconds,
        "kept": kept,
    }


def checked(told: Told | None) -> Told:
    """The facts of a corpus. Raises KnError where it tells none."""
    if told is None:
        raise KnError("this corpus has no facts yet: `kn knowledge` makes them")
    return told
