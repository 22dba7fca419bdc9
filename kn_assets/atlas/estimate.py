"""How large an atlas gets: rows and bytes of each table, by arithmetic out of its settings.

Bytes a row are those of atlases that were made; `kn_assets.launch.forecast` measures them on a
sample of the very prompts. What a run asks before it starts is whether disk and memory hold that.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from kn_assets.atlas.forward.batches import tokens_per_batch
from kn_assets.atlas.lens.fitting import MOST_BYTES
from kn_assets.atlas.lens.rows import LENS_K
from kn_assets.atlas.linear_lens import TRANSLATORS
from kn_assets.atlas.needs import FIRED, NEEDS
from kn_assets.atlas.shape import Shape, shape_of
from kn_assets.errors import KnError
from kn_assets.lake import RESERVE, disk

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.atlas.settings import AtlasSettings

BYTES = {
    "tokens": (0, 3.0),
    "activations": (0, 3.1),
    "activations_by_neuron": (0, 3.2),
    "neuron_peaks": (0, 3.2),
    "neurons": (0, 28.0),
    "neuron_top": (0, 3.4),
    "neuron_vocabulary": (0, 5.5),
    "neuron_vocabulary_linear": (0, 5.5),
    "neuron_descriptions": (0, 60.0),
    "logit_lens": (0, 10.0),
    "attention": (0, 2.1),
    "neuron_map": (0, 12.2),
    "prompt_map": (0, 16.0),
}
"""Bytes of a table whatever its size, and for each row."""
_FEW = 64 << 10  # bytes of a table of a handful of rows
_WEIGHT = 2.6  # bytes of a number of a linear lens' map
_SPILL = 5.0  # bytes a row of what a run holds on disk until it is in neuron order
_LETTERS = 4  # of a token, in English
_RULES = 1.9  # descriptions of a half of a neuron
_UNKNOWN_DENSITY = 0.05  # taken for what a threshold gives
_CLUSTERED = 0.64  # neurons that fire in a prompt, of as many as would if tokens were independent
_PROGRAM = 900 << 20  # bytes of torch and the run itself, without weights
_HELD_ROWS = 1 << 24  # fired neurons held by a shard, by the engine's own bound
_HELD_BYTES = 24.0  # for each of them while they are put in order
_MAP_BYTES = 24.0  # for each peak while the maps are made


@dataclass(frozen=True)
class Prompts:
    """What of a corpus: numbers of prompts, tokens, and pairs of positions (with the later one's
    own).
    """

    n: int
    tokens: int
    pairs: int


@dataclass(frozen=True)
class Size:
    """Rows and bytes of tables, and of what a run takes besides."""

    rows: dict[str, int]
    bytes: dict[str, int]
    spill: int
    memory: int

    @property
    def disk(self) -> int:
        """Bytes of all tables and of a run's unfinished work."""
        return sum(self.bytes.values()) + self.spill


def size(
    settings: AtlasSettings,
    shape: Shape,
    prompts: Prompts,
    tables: Iterable[str],
    taken: Mapping[str, tuple[float, float]] = BYTES,
    a_token: Mapping[str, float] | None = None,
) -> Size:
    """The size of some tables of an atlas.

    taken: see `BYTES`; a_token: rows of a token, where they were measured.
    """
    rows = {
        t: round(a_token[t] * prompts.tokens) if a_token and t in a_token else n
        for t, n in _rows(settings, shape, prompts).items()
    }
    wanted = [t for t in rows if t in set(tables)]
    found = {
        t: round(taken[t][0] + rows[t] * taken[t][1]) if t in taken and rows[t] else _FEW
        for t in wanted
    }
    if TRANSLATORS in found:
        found[TRANSLATORS] = round(rows[TRANSLATORS] * shape.width * _WEIGHT) or _FEW
    fired, peaks = rows["activations"], rows["neuron_peaks"]
    spill = round(fired * _SPILL) if {"activations_by_neuron", "neuron_peaks"} & set(wanted) else 0
    held = min(fired, _HELD_ROWS) * _HELD_BYTES
    if FIRED in {NEEDS.get(t) for t in wanted}:
        held += _in_batches(shape, prompts)
    maps = peaks * _MAP_BYTES if {"neuron_map", "prompt_map"} & set(wanted) else 0
    matrices = (shape.n_layers - 1) * shape.width**2 * 4
    lens = matrices + min(4 * matrices, MOST_BYTES) if TRANSLATORS in wanted else 0
    return Size(
        {t: rows[t] for t in wanted},
        found,
        spill,
        round(_PROGRAM + shape.weights + max(held, maps, lens)),
    )


def _in_batches(shape: Shape, prompts: Prompts) -> int:
    """Bytes of the activations of batches that run: all are held until it is known which tokens are
    attention sinks.
    """
    if not shape.a_token:
        return 0
    length = 2 * prompts.pairs // max(1, prompts.tokens)  # of a prompt, the long ones foremost
    batch = max(tokens_per_batch("cpu", shape.a_token), length)
    return min(shape.streams * batch, prompts.tokens) * shape.a_token


def _rows(settings: AtlasSettings, shape: Shape, prompts: Prompts) -> dict[str, int]:
    neurons = shape.n_layers * shape.n_neurons
    density = _UNKNOWN_DENSITY if settings.threshold is not None else settings.density
    length = prompts.tokens / max(1, prompts.n)
    fires = _CLUSTERED * (1 - (1 - density) ** max(0.0, length - 1))
    fired = round(prompts.tokens * neurons * density)
    return {
        "atlases": 1,
        "thresholds": shape.n_layers,
        "tokens": prompts.tokens,
        "activations": fired,
        "activations_by_neuron": fired,
        "neuron_peaks": round(prompts.n * neurons * fires),
        "neurons": neurons,
        "neuron_top": 2 * neurons * min(settings.top_k, prompts.tokens),
        "neuron_vocabulary": 2 * neurons * settings.vocabulary_k,
        "neuron_descriptions": round(2 * neurons * _RULES),
        TRANSLATORS: (shape.n_layers - 1) * (shape.width + 1) if shape.width else 0,
        "lens_quality": 2 * shape.n_layers,
        "lens_readings": 0,
        "neuron_vocabulary_linear": 2 * neurons * settings.vocabulary_k if shape.width else 0,
        "logit_lens": prompts.tokens * shape.n_layers * LENS_K if settings.lens == "all" else 0,
        "attention": prompts.pairs * shape.n_layers,
        "neuron_map": neurons,
        "prompt_map": prompts.n,
    }


# -- what is told without loading anything ---------------------------------------------------------


def check_fits(plan: AtlasPlan, tables: Iterable[str]) -> None:
    """Raise KnError where disk or memory surely don't hold some tables of an atlas.

    Of a model that isn't on this machine yet nothing is known: then nothing is refused.
    """
    shape, meta = shape_of(plan), plan.lake.meta(plan.corpus, "prompts")
    if shape is None or meta is None:
        return
    found = size(plan.settings, shape, _prompts_of(plan), tables)
    begun = sum(
        f.stat().st_size
        for folder in plan.lake.folder(plan.model).glob(".work-extract-*")
        for f in folder.rglob("*")
        if f.is_file()
    )
    if words := refusal(plan, replace(found, spill=found.spill - begun)):
        raise KnError(words)


def _prompts_of(plan: AtlasPlan) -> Prompts:
    """The prompts by the lengths of their texts, without a tokenizer."""
    texts = plan.lake.read(plan.corpus, "prompts", ["text"])["text"]
    if plan.settings.limit is not None:
        texts = texts.slice(0, plan.settings.limit)
    letters = pc.utf8_length(texts).to_numpy()
    lengths = np.minimum(plan.settings.tokens, letters // _LETTERS + 1).astype(np.int64)
    return Prompts(len(lengths), int(lengths.sum()), int((lengths * (lengths + 1) // 2).sum()))


def refusal(plan: AtlasPlan, found: Size) -> str:
    """Why a run of that size doesn't fit, and what to do; empty where it does."""
    settings, free, memory = plan.settings, disk.free(plan.lake.root), free_memory()
    lazier = ", --lens lazy" if found.rows.get("logit_lens") else ""
    if found.disk + RESERVE > free:
        return (
            f"this atlas takes about {format_bytes(found.disk)} and {plan.lake.root} has "
            f"{format_bytes(free)} free: give --limit (fewer prompts){lazier}, a lower --density, "
            "or --data with another folder"
        )
    if found.memory > memory:
        smaller = "--dtype bfloat16, " if settings.dtype == "float32" else ""
        return (
            f"this run takes about {format_bytes(found.memory)} of memory and "
            f"{format_bytes(memory)} is free: "
            f"give {smaller}--limit (fewer prompts) or a smaller model"
        )
    return ""


def free_memory() -> int:
    """Bytes of memory that can be had now, within the limit of a container."""
    import psutil

    free = psutil.virtual_memory().available
    group = Path("/sys/fs/cgroup")  # psutil sees the whole machine, not the container's share
    try:
        limit = (group / "memory.max").read_text(encoding="utf-8").strip()
        used = int((group / "memory.current").read_text(encoding="utf-8"))
    except OSError:  # no such container
        return free
    return free if limit == "max" else min(free, int(limit) - used)


def peak_memory() -> int:
    """Bytes of memory this process has held at most, which psutil knows on Windows alone."""
    unit = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def format_bytes(n: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(n) < 1000:
            return f"{n:.0f} {unit}" if unit == "bytes" or n >= 100 else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:.1f} TB"
