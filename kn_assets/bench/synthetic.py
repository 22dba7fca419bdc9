"""Made-up atlases with every table of the lake, consistent with each other, at any size.

Activations come from one made-up dense array, from which the fired rows (in both orders), peaks,
statistics and top tokens are derived exactly as their meanings in `kn_assets.schema` say. Names of
cities are of the awkward sort: accents, markup, quotes, right-to-left and combining letters. Blocks
of whole neurons are made at a time, so that an atlas of 60 million rows needs little memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.bench.synthetic_knowledge import add_facts, add_knowledge
from kn_assets.bench.synthetic_text import CITIES, COUNTRIES, vocabulary
from kn_assets.lake import Lake, Partition
from kn_assets.parquet import TableFile
from kn_assets.schema import TABLES

_ROWS_AT_ONCE = 1 << 20
FINGERPRINT = "made-up"
_BLOCK = 1 << 24  # values of the dense array held at a time

Array = np.ndarray[Any, Any]
Columns = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Sizes and kind of a made-up atlas; `density` is the share of values that fire."""

    n_prompts: int = 12
    n_layers: int = 3
    n_neurons: int = 40
    n_tokens: int = 10
    n_vocabulary: int = 60
    density: float = 0.1
    top: int = 5
    seed: int = 0
    bfloat16: bool = False
    extra_prompts: int = 2


def make_lake(root: str | Path, model: str = "tiny", corpus: str = "made", **shape: Any) -> Lake:
    """Write a corpus and an atlas of it under `root`; `shape` are fields of `Shape`.

    Called again with the same corpus and another model it adds an atlas. The corpus holds
    `extra_prompts` prompts and one city more than the atlas. Every fourth prompt is shorter than
    `n_tokens`. With `bfloat16` activations are rounded as a model run in that dtype gives them.
    """
    lake = Lake(root)
    size = Shape(**shape)
    lake.make(lake.root)
    where, place = lakes.model(model), lakes.corpus(corpus)
    _write_corpus(lake, place, size)
    _write_atlas(lake, where, corpus, size)
    add_facts(lake, place, FINGERPRINT)
    shape_of = (size.n_layers, size.n_neurons)
    add_knowledge(lake, where, place, *shape_of, FINGERPRINT, size.seed)
    return lake


def lengths(size: Shape) -> Array:
    """Tokens of each prompt of the atlas, int64 [n_prompts]."""
    short = max(2, size.n_tokens * 3 // 4)
    return np.where(np.arange(size.n_prompts) % 4 == 3, short, size.n_tokens)


def token_ids(size: Shape, n_prompts: int | None = None) -> Array:
    """Token ids, int64 [n_prompts, n_tokens]; those past a prompt's length are no part of it."""
    rng = np.random.default_rng([size.seed, 1])
    n = size.n_prompts + size.extra_prompts
    return rng.integers(size.n_vocabulary, size=(n, size.n_tokens))[: n_prompts or size.n_prompts]


def dense_blocks(size: Shape) -> Iterator[tuple[int, int, Array]]:
    """Yield (layer, first neuron, activations float32 [neurons, n_prompts, n_tokens]).

    Values grow with the layer; a third of the neurons prefers the cities of one country; one neuron
    in fifty is outsized at position 0; positions past a prompt's end are NaN.
    """
    n = max(1, min(size.n_neurons, _BLOCK // (size.n_prompts * size.n_tokens)))
    country = np.arange(size.n_prompts) % len(COUNTRIES)
    outside = np.arange(size.n_tokens)[None, :] >= lengths(size)[:, None]
    for layer in range(size.n_layers):
        for first in range(0, size.n_neurons, n):
            neurons = np.arange(first, min(first + n, size.n_neurons))
            rng = np.random.default_rng([size.seed, 2, layer, first])
            shape = (len(neurons), size.n_prompts, size.n_tokens)
            values = rng.standard_normal(shape, dtype=np.float32)
            scale = rng.gamma(4.0, 0.25, len(neurons)) * 1.2**layer
            liked = rng.integers(3 * len(COUNTRIES), size=len(neurons))
            prefers = liked[:, None] == country[None, :]
            values *= (scale[:, None] * (1 + 2 * prefers))[:, :, None].astype(np.float32)
            values[neurons % 50 == 0, :, 0] *= 100
            if size.bfloat16:
                bits = values.view(np.uint32)
                bits += 0x8000
                bits &= 0xFFFF0000
            values[:, outside] = np.nan
            yield layer, first, values


def _write_corpus(lake: Lake, where: Partition, size: Shape) -> None:
    rng = np.random.default_rng([size.seed, 0])
    n = size.n_prompts + size.extra_prompts
    ids = 1000 + 7 * np.arange(n + 1)
    rows = []
    for i in range(n + 1):
        name, names = CITIES[i % len(CITIES)]
        country, code, continent = COUNTRIES[i % len(COUNTRIES)]
        rows.append(
            {
                "city_id": int(ids[i]),
                "name": name if i < len(CITIES) else f"{name} {i // len(CITIES) + 1}",
                "country": country,
                "country_code": code,
                "continent": continent,
                "population": int(rng.integers(100_000, 20_000_000)),
                "is_capital": i < len(COUNTRIES),
                "latitude": float(rng.uniform(-60, 70)),
                "longitude": float(rng.uniform(-180, 180)),
                "url": f"https://example.org/{ids[i]}",
                "source": "made up",
                "alternate_names": list(names),
            }
        )
    _write(lake, where, "cities", [_columns(rows)])
    words = vocabulary(size.n_vocabulary)
    tokens = token_ids(size, n)
    long = np.concatenate([lengths(size), np.full(size.extra_prompts, size.n_tokens)])
    # Prompts run against the order of cities, so that nobody mistakes one id for the other.
    texts = [
        {
            "prompt_id": i,
            "city_id": int(ids[city_of(size)[i]]),
            "text": "".join(words[t] for t in tokens[i, : long[i]]).strip() + " and so on.",
        }
        for i in range(n)
    ]
    _write(lake, where, "prompts", [_columns(texts)])
    pages = [
        {
            "city_id": int(ids[i]),
            "title": rows[i]["name"],
            "url": rows[i]["url"],
            "final_url": rows[i]["url"],
            "revision": i,
            "fetched_at": datetime(2026, 1, 1, tzinfo=UTC),
            "status": 200 if i < n else 404,
            "reason": None if i < n else "not found",
            "html": b"",
            "licence": "none",
        }
        for i in range(n + 1)
    ]
    _write(lake, where, "pages", [_columns(pages)])


def city_of(size: Shape) -> Array:
    """The place in the cities table of each prompt's city, int64 [n_prompts + extra_prompts]."""
    return np.arange(size.n_prompts + size.extra_prompts)[::-1]


def _write_atlas(lake: Lake, where: Partition, corpus: str, size: Shape) -> None:
    threshold = _thresholds(size)
    _write_tokens(lake, where, size)
    _write_activations(lake, where, size, threshold)
    _write(lake, where, "logit_lens", _lens(size))
    _write(lake, where, "attention", _attention(size))
    _write(lake, where, "neuron_vocabulary", _vocabulary(size))
    rng = np.random.default_rng([size.seed, 5])
    layer, neuron = _neuron_columns(size)
    x, y = rng.standard_normal((2, len(layer))) * 20
    place = {"x": x, "y": y, "cluster": rng.integers(-1, 12, len(x))}
    _write(lake, where, "neuron_map", [{"layer": layer, "neuron": neuron, **place}])
    x, y = rng.standard_normal((2, size.n_prompts)) * 20
    prompts = np.arange(size.n_prompts)
    place = {"x": x, "y": y, "cluster": rng.integers(-1, 12, len(x))}
    _write(lake, where, "prompt_map", [{"prompt_id": prompts, **place}])
    _write(
        lake,
        where,
        "thresholds",
        [
            {
                "layer": np.arange(size.n_layers),
                "threshold": threshold,
                "target_density": np.full(size.n_layers, size.density),
            }
        ],
    )
    atlas = {
        "corpus": corpus,
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "n_prompts": size.n_prompts,
        "n_layers": size.n_layers,
        "n_neurons": size.n_neurons,
        "versions": json.dumps({"numpy": np.__version__}),
        "settings": json.dumps({"n_tokens": size.n_tokens, "dtype": "float32"}),
    }
    _write(lake, where, "atlases", [_columns([atlas])])


def _thresholds(size: Shape) -> Array:
    """The |activation| of each layer over which `density` of the values lie, float32 [n_layers]."""
    found = np.zeros(size.n_layers, dtype=np.float32)
    for layer, first, values in dense_blocks(size):
        if first == 0:
            sample = np.abs(values[:64, :, 1:].ravel())
            found[layer] = np.nanquantile(sample, 1 - size.density).astype(np.float32)
    return found


def _write_tokens(lake: Lake, where: Partition, size: Shape) -> None:
    prompt, position = _tokens_index(size)
    ids = token_ids(size)[prompt, position]
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    columns = {"prompt_id": prompt, "position": position, "token_id": ids, "token": words[ids]}
    _write(lake, where, "tokens", [columns])


def _tokens_index(size: Shape) -> tuple[Array, Array]:
    """Prompt and position of every token of the atlas in order."""
    prompt, position = np.nonzero(np.arange(size.n_tokens)[None, :] < lengths(size)[:, None])
    return prompt, position


def _neuron_columns(size: Shape) -> tuple[Array, Array]:
    index = np.arange(size.n_layers * size.n_neurons)
    return index // size.n_neurons, index % size.n_neurons


def _write_activations(lake: Lake, where: Partition, size: Shape, threshold: Array) -> None:
    peaks: list[Columns] = []
    neurons: list[Columns] = []
    top: list[Columns] = []

    def fired() -> Iterator[Columns]:
        for layer, first, values in dense_blocks(size):
            over = np.abs(values) >= threshold[layer]
            peaks.append(_peaks(layer, first, values, over))
            neurons.append(_statistics(layer, first, values, over))
            top.append(_top(layer, first, values, size.top))
            row, prompt, position = np.nonzero(over)
            yield {
                "layer": np.full(len(row), layer, dtype=np.int16),
                "neuron": (row + first).astype(np.int32),
                "prompt_id": prompt.astype(np.int32),
                "position": position.astype(np.int16),
                "activation": values[row, prompt, position],
            }

    _write(lake, where, "activations_by_neuron", fired())
    _write(lake, where, "neuron_peaks", peaks)
    _write(lake, where, "neurons", neurons)
    _write(lake, where, "neuron_top", top)
    with lake.replacing(where, "activations", FINGERPRINT) as folder:
        _resort(lake.table(where, "activations_by_neuron"), folder / "part-0.parquet")


def _resort(source: Path, target: Path) -> None:
    """Write the rows of `source`, which are in the order of neurons, in the order of prompts."""
    import duckdb

    with duckdb.connect() as connection, TableFile(target, "activations") as file:
        reader = connection.sql(
            f"SELECT {', '.join(TABLES['activations'].names)} FROM read_parquet(?, "
            "hive_partitioning = false) ORDER BY prompt_id, position, layer, neuron",
            params=[str(source / "*.parquet")],
        ).to_arrow_reader()
        for batch in reader:
            file.write(batch)


def _peaks(layer: int, first: int, values: Array, over: Array) -> Columns:
    """Each neuron's strongest fired position after 0 in each prompt; ties go to the earlier."""
    strength = np.where(over, np.abs(values), -1)
    strength[:, :, 0] = -1
    position = strength.argmax(axis=2)
    row, prompt = np.nonzero(strength.max(axis=2) >= 0)
    position = position[row, prompt]
    return {
        "layer": np.full(len(row), layer),
        "neuron": row + first,
        "prompt_id": prompt,
        "position": position,
        "activation": values[row, prompt, position],
    }


def _statistics(layer: int, first: int, values: Array, over: Array) -> Columns:
    n = len(values)
    inside = ~np.isnan(values[0, :, 1:])
    prompt, position = np.nonzero(inside)
    kept = values[:, :, 1:][:, inside]
    fired = over[:, :, 1:][:, inside].sum(axis=1)
    strongest = np.abs(kept).argmax(axis=1)
    return {
        "layer": np.full(n, layer),
        "neuron": np.arange(first, first + n),
        "n_fired": fired,
        "firing_rate": fired / kept.shape[1],
        "mean": kept.mean(axis=1, dtype=np.float64),
        "std": kept.std(axis=1, dtype=np.float64),
        "min": kept.min(axis=1),
        "max": kept.max(axis=1),
        "top_prompt_id": prompt[strongest],
        "top_position": position[strongest] + 1,
        "top_activation": kept[np.arange(n), strongest],
    }


def _top(layer: int, first: int, values: Array, k: int) -> Columns:
    """The k largest (+1) and the k smallest (-1) of each neuron; ties by prompt, then position."""
    inside = ~np.isnan(values[0, :, 1:])
    prompt, position = np.nonzero(inside)
    kept = values[:, :, 1:][:, inside]
    k = min(k, kept.shape[1])
    parts = []
    for sign in (1, -1):
        order = -sign * kept
        edge = np.partition(order, k - 1, axis=1)[:, k - 1]
        row, at = np.nonzero(order <= edge[:, None])
        by = np.lexsort((at, order[row, at], row))
        row, at = row[by], at[by]
        rank = np.arange(len(row)) - np.searchsorted(row, row) + 1
        row, at, rank = row[rank <= k], at[rank <= k], rank[rank <= k]
        parts.append((row, np.full(len(row), sign), rank, at))
    row, sign_, rank, at = (np.concatenate(p) for p in zip(*parts, strict=True))
    by = np.lexsort((rank, -sign_, row))
    row, sign_, rank, at = row[by], sign_[by], rank[by], at[by]
    return {
        "layer": np.full(len(row), layer),
        "neuron": row + first,
        "sign": sign_,
        "rank": rank,
        "prompt_id": prompt[at],
        "position": position[at] + 1,
        "activation": kept[row, at],
    }


def _lens(size: Shape) -> Iterator[Columns]:
    """Five tokens after each layer; the true next token climbs as layers go."""
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    long, ids = lengths(size), token_ids(size)
    step = max(1, _ROWS_AT_ONCE // (size.n_tokens * size.n_layers * 5))
    for start in range(0, size.n_prompts, step):
        rng = np.random.default_rng([size.seed, 3, start])
        some = np.arange(start, min(start + step, size.n_prompts))
        shape = (len(some), size.n_tokens, size.n_layers)
        has_next = np.arange(size.n_tokens)[None, :] + 1 < long[some, None]
        following = np.broadcast_to(np.roll(ids[some], -1, axis=1)[:, :, None], shape)
        first = rng.integers(size.n_vocabulary - 1, size=shape)[..., None]
        tokens = (following[..., None] + 1 + (first + np.arange(5)) % (size.n_vocabulary - 1)) % (
            size.n_vocabulary
        )
        probability = -np.sort(-rng.dirichlet(np.full(6, 0.7), shape), axis=-1).astype(np.float32)
        odds = (1 + np.arange(size.n_layers)) / (size.n_layers + 1)
        rank = np.minimum(rng.geometric(odds, size=shape), size.n_vocabulary)
        within = (rank <= 5)[..., None] & (np.arange(5) == rank[..., None] - 1)
        tokens = np.where(within, following[..., None], tokens)
        lower = probability[..., 5] / np.maximum(rank, 1)
        named = np.take_along_axis(probability, np.minimum(rank, 5)[..., None] - 1, -1)[..., 0]
        chance = np.where(rank <= 5, named, lower)
        inside = np.arange(size.n_tokens)[None, :] < long[some, None]
        p, t, layer, r = np.nonzero(np.broadcast_to(inside[:, :, None, None], (*shape, 5)))
        last = ~has_next[p, t]
        yield {
            "prompt_id": p + start,
            "position": t,
            "layer": layer,
            "rank": r + 1,
            "token_id": tokens[p, t, layer, r],
            "token": words[tokens[p, t, layer, r]],
            "probability": probability[p, t, layer, r],
            "next_probability": pa.array(chance[p, t, layer], mask=last),
            "next_rank": pa.array(rank[p, t, layer], mask=last),
        }


def _attention(size: Shape) -> Iterator[Columns]:
    long = lengths(size)
    positions = np.arange(size.n_tokens)
    before = positions[None, :] <= positions[:, None]
    step = max(1, _ROWS_AT_ONCE // (size.n_layers * size.n_tokens**2))
    for start in range(0, size.n_prompts, step):
        rng = np.random.default_rng([size.seed, 4, start])
        some = np.arange(start, min(start + step, size.n_prompts))
        shape = (len(some), size.n_layers, size.n_tokens, size.n_tokens)
        weight = rng.random(shape, dtype=np.float32) * before
        weight[..., 0] += 1
        weight /= weight.sum(axis=-1, keepdims=True)
        inside = positions[None, :] < long[some, None]
        kept = before[None] & inside[:, :, None]
        p, layer, target, source = np.nonzero(np.broadcast_to(kept[:, None], shape))
        yield {
            "prompt_id": p + start,
            "layer": layer,
            "position": target,
            "source_position": source,
            "weight": weight[p, layer, target, source],
        }


def _vocabulary(size: Shape, k: int = 10) -> Iterator[Columns]:
    """k promoted and k suppressed tokens of each neuron."""
    words = np.array(vocabulary(size.n_vocabulary), dtype=object)
    for layer in range(size.n_layers):
        rng = np.random.default_rng([size.seed, 6, layer])
        n = size.n_neurons
        first = rng.integers(size.n_vocabulary, size=(n, 1))
        tokens = (first + np.arange(2 * k)) % size.n_vocabulary
        score = np.abs(rng.standard_normal((n, 2, k)))
        score = -np.sort(-score, axis=-1) * np.array([1, -1])[:, None]
        yield {
            "layer": np.full(n * 2 * k, layer),
            "neuron": np.repeat(np.arange(n), 2 * k),
            "sign": np.tile(np.repeat([1, -1], k), n),
            "rank": np.tile(np.arange(k) + 1, 2 * n),
            "token_id": tokens.ravel(),
            "token": words[tokens.ravel()],
            "score": score.ravel(),
        }


def _columns(rows: list[dict[str, Any]]) -> Columns:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _write(lake: Lake, where: Partition, name: str, chunks: Iterable[Columns]) -> None:
    schema = TABLES[name].schema

    def batches() -> Iterator[pa.RecordBatch]:
        for chunk in chunks:
            arrays = [
                a.cast(f.type) if isinstance(a := chunk[f.name], pa.Array) else _array(a, f.type)
                for f in schema
            ]
            yield pa.record_batch(arrays, schema=schema)

    lake.write(where, name, batches(), FINGERPRINT)


def _array(values: Any, type_: pa.DataType) -> pa.Array:
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pa.array(values.astype(type_.to_pandas_dtype(), copy=False), type_)
    return pa.array(values, type_)
