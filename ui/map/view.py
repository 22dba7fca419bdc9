"""The map: coordinates of neurons or prompts, and statistics of a selection."""

from __future__ import annotations

import numpy as np

from kn_assets.database.database import Database
from kn_assets.live.numbers import NOT_FINITE
from ui.pack import pack, pack_ids
from ui.rows import Answer, columns, missing_tables, rows, waits_for

NONE = 0xFFFFFFFF


def points(database: Database, model: str, kind: str) -> Answer:
    """The map of neurons or of prompts; places are 16-bit fractions of one square.

    Points without a place, of a model whose activations are not finite, are left out and counted.
    """
    table = "neuron_map" if kind == "neurons" else "prompt_map"
    if names := missing_tables(database, model, table):
        return {"n": 0, "missing": waits_for(database, model, names)}
    macro = "neuron_points" if kind == "neurons" else "prompt_points"
    found = columns(
        database,
        f"SELECT * REPLACE (coalesce(prompt_id, -1) AS prompt_id, coalesce(name, '') AS name, "
        f"coalesce(country, '') AS country, coalesce(continent, '') AS continent) FROM {macro}($1)",
        model,
    )
    there = np.isfinite(found["x"]) & np.isfinite(found["y"])
    lost = int((~there).sum())
    found = {name: column[there] for name, column in found.items()}
    n = len(found["x"])
    left, top = (float(found[axis].min()) if n else 0.0 for axis in ("x", "y"))
    width, height = (float(np.ptp(found[axis])) if n else 0.0 for axis in ("x", "y"))
    size = max(width, height, 1e-9)
    left, top = left - (size - width) / 2, top - (size - height) / 2
    ids, first, of_prompt = np.unique(found["prompt_id"], return_index=True, return_inverse=True)
    countries, country = np.unique(found["country"][first].astype(str), return_inverse=True)
    continents = dict(zip(found["country"].tolist(), found["continent"].tolist(), strict=True))
    answer: Answer = {
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
    if lost:
        answer[NOT_FINITE] = lost
    if "cluster" in found:
        answer["cluster"] = pack(found["cluster"], "i2")
        answer["labels"] = labels(database, model, kind)
    if kind == "neurons":
        answer |= {
            "layer": pack_ids(found["layer"]),
            "neuron": pack_ids(found["neuron"]),
            "rate": pack(np.nan_to_num(found["firing_rate"]), "f4"),
        }
    return answer


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
    """Statistics of the points in a polygon, and the SQL `condition` that selects them.

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
    return {
        "condition": inside(outline),
        "n": countries[0]["total"] if countries else 0,
        "countries": [
            {"country": row["country"], "n": row["n"], "lift": row["lift"]}
            for row in countries
            if row["country"]
        ][:10],
        "words": words,
    }
