"""Figures of the facts that a model knows through training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets import lake as lakes
from kn_assets.defs.plots.canvas import (
    ACCENT,
    CATEGORIES,
    OTHER,
    canvas,
    curve,
    legend,
    plain,
    stepped,
    titled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from kn_assets.defs.plots.source import Source

_KNOWN = 0.5  # share of a fact's prompts in which greedy decoding says the whole object
_NEW: dict[str, Any] = {"colour": ACCENT, "linestyle": "--"}
_LOOKS: dict[str, dict[str, Any]] = {
    "trained prompts": {},
    "held-out prompts": _NEW,
    "all prompts": {},
}


def fact_steps(source: Source) -> Figure | None:
    """Share of the facts known, in trained and in held-out prompts, and by relation."""
    relation_of = _relations(source)
    rest = "other" if relation_of else "all relations"
    steps: list[int] = []
    by_prompts: dict[str, dict[int, float]] = {}
    by_relation: dict[str, dict[int, float]] = {}
    n_facts: Counter[str] = Counter()
    for step, (fact, trained, said) in source.steps("fact_id", "trained", "greedy"):
        steps.append(step)
        for value, word in zip((True, False, None), _LOOKS, strict=True):
            mine = np.array([t is value for t in trained.tolist()])
            if mine.any():
                known = _known(fact[mine], said[mine])
                by_prompts.setdefault(word, {})[step] = float(np.mean([*known.values()]))
        known = _known(fact, said)
        relations = [relation_of.get(f, rest) for f in known]
        n_facts = n_facts or Counter(relations)  # those that the first step is asked
        named = [r for r, _ in n_facts.most_common() if r != rest][: len(CATEGORIES)]
        for name in (*named, rest):
            of = (r == name if name in named else r not in named for r in relations)
            share = [k for k, mine in zip(known.values(), of, strict=True) if mine]
            if share:
                by_relation.setdefault(name, {})[step] = float(np.mean(share))
    figure, (left, right) = canvas(2)
    for word, found in by_prompts.items():
        curve(left, [*found], [*found.values()], word, **_LOOKS[word])
    _shares(left, "share of facts known", steps)
    legend(left, loc="best")
    for name, colour in (*zip(named, CATEGORIES, strict=False), (rest, OTHER)):
        if name in by_relation:
            found = by_relation[name]
            curve(right, [*found], [*found.values()], plain(name), colour)
    _shares(right, "share known, by relation", steps)
    legend(right, loc="center left", bbox_to_anchor=(1.0, 0.5))
    what = f"which of {n_facts.total():,} facts are known, correct in half of their prompts or more"
    titled(figure, source.partition.key, what)
    return figure


def training_log(source: Source) -> Figure | None:
    """Loss, and share of facts known, as logged in training."""
    step, loss, trained, held_out = (
        np.asarray(c, float) for c in source.read("step", "loss", "known_trained", "known_held_out")
    )
    figure, (left, right) = canvas(2)
    there = np.isfinite(loss)
    curve(left, step[there], loss[there])
    stepped(left, "loss (nats a token)", step)
    left.set_ylim(bottom=0)
    for values, word in ((trained, "trained prompts"), (held_out, "held-out prompts")):
        there = np.isfinite(values)
        curve(right, step[there], values[there], word, **_LOOKS[word])
    _shares(right, "share of facts known", step)
    legend(right, loc="best")
    titled(figure, source.partition.key, "loss and facts known, as logged in training")
    return figure


def _shares(ax: Axes, what: str, steps: list[int] | np.ndarray) -> None:
    stepped(ax, what, steps)
    ax.set_ylim(-0.03, 1.03)


def _known(fact: np.ndarray, said: np.ndarray) -> dict[int, bool]:
    """Whether each fact is known: greedy decoding says it in at least half of its prompts."""
    ids, at = np.unique(fact, return_inverse=True)
    share = np.bincount(at, said.astype(float)) / np.bincount(at)
    return dict(zip(ids.tolist(), (share >= _KNOWN).tolist(), strict=True))


def _relations(source: Source) -> dict[int, str]:
    """Each fact's relation, by the corpus of the training's atlases."""
    lake, name = source.lake, source.partition.key
    for partition in lake.partitions("model"):
        if partition.key.partition("@")[0] == name and lake.meta(partition, "atlases"):
            key = lake.read(partition, "atlases", ["corpus"]).column(0).to_pylist()[0]
            if lake.meta(lakes.corpus(key), "facts"):
                facts = lake.read(lakes.corpus(key), "facts", ["fact_id", "relation"]).to_pydict()
                return dict(zip(facts["fact_id"], facts["relation"], strict=True))
    return {}
