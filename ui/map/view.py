"""The map: coordinates of neurons or prompts, and statistics of a selection."""

from __future__ import annotations

from collections import Counter

import numpy as np

from kn_assets.database.database import Database
from kn_assets.live.numbers import NOT_FINITE
from ui.pack import pack, pack_ids
from ui.rows import Answer, Array, columns, missing_tables, rows, waits_for

NONE = 0xFFFFFFFF
PROMPT_NEURONS = 40


def points(database: Database, model: str, kind: str) -> Answer:
    """The map of neurons or of prompts; places are 16-bit fractions of one square.

    Neurons that never fired have no place: they are in `silent`, by layer and neuron. Points of a
    model whose activations are not finite have none either: they are left out and counted.
    """
    table = "neuron_map" if kind == "neurons" else "prompt_map"
    if names := missing_tables(database, model, table):
        return {"n": 0, "missing": waits_for(database, model, names)}
    macro = "neuron_points" if kind == "neurons" else "prompt_points"
    silent = "n_fired = 0 OR x IS NULL" if kind == "neurons" else "false"
    found = columns(
        database,
        f"SELECT * REPLACE (coalesce(prompt_id, -1) AS prompt_id, coalesce(name, '') AS name, "
        f"coalesce(country, '') AS country, coalesce(continent, '') AS continent), "
        f"coalesce({silent}, false) AS silent FROM {macro}($1)",
        model,
    )
    fired = ~found["silent"].astype(bool)
    there = fired & np.isfinite(found["x"]) & np.isfinite(found["y"])
    lost = int((fired & ~there).sum())
    answer = _places({name: column[there] for name, column in found.items()}, kind)
    if lost:
        answer[NOT_FINITE] = lost
    if "cluster" in found:
        answer["cluster"] = pack(found["cluster"][there], "i2")
        answer["labels"] = labels(database, model, kind)
    if kind == "neurons":
        answer |= {
            "layer": pack_ids(found["layer"][there]),
            "neuron": pack_ids(found["neuron"][there]),
            "rate": pack(np.nan_to_num(found["firing_rate"][there]), "f4"),
            "strongest": pack(np.nan_to_num(found["top_activation"][there]), "f4"),
            "silent": {name: pack_ids(found[name][~fired]) for name in ("layer", "neuron")},
        }
    return answer


def _places(found: dict[str, Array], kind: str) -> Answer:
    n = len(found["x"])
    left, top = (float(found[axis].min()) if n else 0.0 for axis in ("x", "y"))
    width, height = (float(np.ptp(found[axis])) if n else 0.0 for axis in ("x", "y"))
    size = max(width, height, 1e-9)
    left, top = left - (size - width) / 2, top - (size - height) / 2
    ids, first, of_prompt = np.unique(found["prompt_id"], return_index=True, return_inverse=True)
    countries, country = np.unique(found["country"][first].astype(str), return_inverse=True)
    continents = dict(zip(found["country"].tolist(), found["continent"].tolist(), strict=True))
    return {
        "kind": kind,
        "n": n,
        "left": left,
        "top": top,
        "size": size,
        "x": pack(np.rint((found["x"] - left) / size * 65535), "u2"),
        "y": pack(np.rint((found["y"] - top) / size * 65535), "u2"),
        "prompt": pack(np.where(found["prompt_id"] < 0, NONE, of_prompt), "u4"),
        "prompts": {
            "ids": ids.tolist(),
            "names": found["name"][first].tolist(),
            "country": country.tolist(),
        },
        "countries": [
            {"name": str(name) or None, "continent": continents[name] or None} for name in countries
        ],
    }


def labels(database: Database, model: str, kind: str) -> list[Answer]:
    """The clusters of a map, the largest first; none while the atlas has no table of them."""
    if missing_tables(database, model, "map_clusters"):
        return []
    return rows(database, "FROM map_labels($1, $2)", model, kind.removesuffix("s"))


def inside(outline: list[tuple[float, float]]) -> str:
    """SQL's condition for x and y to lie in a figure: a rectangle, or a polygon by its corners."""
    xs, ys = sorted({x for x, _ in outline}), sorted({y for _, y in outline})
    sides = zip(outline, [*outline[1:], outline[0]], strict=True)
    upright = all(x == x2 or y == y2 for (x, y), (x2, y2) in sides)
    if len(outline) == 4 and len(xs) == len(ys) == 2 and upright:
        return f"x BETWEEN {xs[0]!r} AND {xs[1]!r} AND y BETWEEN {ys[0]!r} AND {ys[1]!r}"
    corners = ", ".join(f"[{x!r}, {y!r}]" for x, y in outline)
    return f"inside(x, y, [{corners}])"


def selection(
    database: Database, model: str, kind: str, outline: list[tuple[float, float]]
) -> Answer:
    """The points in a polygon, their statistics, and the SQL `condition` that selects them.

    A country's lift is its share in the polygon over its share on the whole map.
    """
    corners = [list(corner) for corner in outline]
    countries = rows(
        database, "FROM region_countries($1, $2, $3)", model, kind.removesuffix("s"), corners
    )
    words = (
        rows(database, "FROM region_vocabulary($1, $2) LIMIT 16", model, corners)
        if kind == "neurons"
        else []
    )
    condition = inside(outline)
    macro, key = _KEYS[kind]
    found = columns(database, f"SELECT {key} FROM {macro}_points($1) WHERE {condition}", model)
    return {
        "condition": condition,
        "n": countries[0]["total"] if countries else 0,
        "hits": {name: pack_ids(column) for name, column in found.items()},
        "countries": [
            {"country": row["country"], "n": row["n"], "lift": row["lift"]}
            for row in countries
            if row["country"]
        ][:10],
        "words": words,
    }


_KEYS = {"neurons": ("neuron", "layer, neuron"), "prompts": ("prompt", "prompt_id")}


def found(database: Database, model: str, kind: str, words: str) -> Answer:
    """The points that words name, each once, and how many were found in which way."""
    macro, key = _KEYS[kind]
    hits = columns(database, f"SELECT {key}, found_as FROM {macro}s_found($1, $2)", model, words)
    ways = Counter(hits.pop("found_as").tolist())
    each = np.unique(np.stack(list(hits.values()), axis=1), axis=0) if ways else None
    return {
        "hits": {
            name: pack_ids(hits[name] if each is None else each[:, i])
            for i, name in enumerate(hits)
        },
        "ways": dict(ways.most_common()),
    }


def prompt(database: Database, model: str, prompt: int) -> Answer:
    """The neurons of a prompt with the most unusual peaks, and of how many these are."""
    if missing_tables(database, model, "activations", "neurons"):
        return {"n": 0, "rows": []}
    every = rows(database, "FROM prompt_neurons($1, $2, $3)", model, prompt, 1 << 30)
    return {"n": len(every), "rows": every[:PROMPT_NEURONS]}
