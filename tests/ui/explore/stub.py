"""Made-up answers to the jobs `target` and `reads`, which keep to what they promise, and an app
with them: made-up atlases have no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from ui import app as served
from ui.arguments import Checked
from ui.context import Context
from ui.explore import prompt as view
from ui.explore.tab import TAB
from ui.pack import pack, unpack
from ui.rows import Answer

HEADS = 3
SEEDS = {"next": 10, "answer": 20, "token": 30}  # of what it makes up of each kind of target
OF_LENS = ("lens_rank", "lens_probability")
WORDS = 50  # of the made-up vocabulary


def contributions(seed: int, n_tokens: int, n_layers: int, n_fired: int) -> dict[str, Any]:
    """Arrays of a target's answer, float32: embedding + mlp + attention + biases = logit."""
    rng = np.random.default_rng(seed)
    shape = (n_tokens, n_layers)
    heads = rng.normal(0, 0.3, (*shape, HEADS)).astype("f4")
    mlp = rng.normal(0, 0.6, shape).astype("f4")
    attention = heads.sum(axis=2)
    embedding, biases = rng.normal(0, 0.1, (2, n_tokens)).astype("f4")
    return {
        "fired": rng.normal(0, 0.2, n_fired).astype("f4"),
        "heads": heads,
        "mlp": mlp,
        "attention": attention,
        "embedding": embedding,
        "biases": biases,
        "logit": embedding + biases + mlp.sum(axis=1) + attention.sum(axis=1),
        "lens_rank": rng.integers(1, WORDS, shape),
        "lens_probability": rng.random(shape).astype("f4"),
        "probability": rng.random(n_tokens).astype("f4"),
        "rank": rng.integers(1, WORDS, n_tokens),
        "text_log_probability": -10 * rng.random(n_tokens).astype("f4"),
    }


def target(context: Context, given: Checked) -> Answer:
    """The job `target` of a prompt of the corpus."""
    atlas, asked = given.atlas, given._given
    shown = view.prompt(context.database, atlas["model"], given.prompt, atlas["n_layers"])
    tokens, wanted = shown["tokens"], asked["target"]
    word = wanted.get("token", "")
    if word.strip().count(" ") and not wanted.get("first"):
        raise KnError(f"“{word}” is of several tokens: give one")
    word = word[: word.index(" ", 1)] if " " in word[1:] else word
    words = {
        "next": [*tokens[1:], None],
        "answer": [" answer"] * len(tokens),
        "token": [word] * len(tokens),
    }[wanted["kind"]]
    against = asked["against"] and [asked["against"].get("token", " answer")] * len(tokens)
    n_fired = len(unpack(shown["fired"]["activation"]))
    seed = SEEDS[wanted["kind"]] + (against is not None)
    found = contributions(seed, len(tokens), atlas["n_layers"], n_fired)
    whole = ("rank", "lens_rank")
    packed = {k: pack(v.ravel(), "u4" if k in whole else "f4") for k, v in found.items()}
    if not given.flag("lens", True):
        packed |= dict.fromkeys(OF_LENS)
    return {"target_words": words, "against_words": against, "n_heads": HEADS, **packed}


def reads(context: Context, given: Checked) -> Answer:
    """The job `reads`: a gated neuron's two inputs."""
    n = given.integer("position", 1 << 10) + 1
    rng = np.random.default_rng(n)
    parts = []
    for name in ("gate", "up"):
        heads = rng.normal(0, 1, (HEADS, n))
        own, sources = rng.normal(), heads.sum(axis=0)
        parts.append({
            "name": name, "value": float(own + sources.sum()), "own": float(own), "biases": 0.0,
            "sources": sources.tolist(), "heads": heads.tolist(),
        })  # fmt: skip
    later = [{"layer": 5, "head": 1, "position": n - 1, "contribution": 0.25}]
    return {"parts": parts, "activation": 1.5, "parallel": False, "later": later}


@contextmanager
def app(
    lake: Lake, serve: Callable[..., str], patch: Any, **jobs: Callable[..., Any]
) -> Iterator[str]:
    """The address of an app whose model seems to be here, and answers as above or by `jobs`."""
    made = {"target": target, "reads": reads, **jobs}
    runs = {"can_run": lambda context, given: {"missing": None}}
    heads = {"heads": lambda context, given: {"n": HEADS, "missing": None}}
    tab = replace(TAB, jobs={**TAB.jobs, **made}, questions={**TAB.questions, **runs, **heads})
    patch.setattr(served, "TABS", (tab, *served.TABS[1:]))
    yield serve(lake)
