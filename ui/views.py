"""What each pane shows, asked through the SQL macros and packed for the browser.

Plain functions of a `Database` and validated arguments. Where a table of the atlas isn't there yet,
the rest is answered and `missing` says, by part, which table it waits for.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from kn_assets.database import Database
from kn_assets.errors import KnError
from kn_assets.schema import TABLES
from ui.pack import pack, pack_ids

TOP_PROMPTS = 10
SAMPLE_PROMPTS = 6
LENS_RANKS = 5
NONE = 0xFFFFFFFF
_COUNTRIES = """
SELECT country, n_prompts AS n FROM neuron_countries($1, $2, $3)
WHERE country IS NOT NULL LIMIT 4
"""
_BY_TOKENS = """
SELECT prompt_id, NULL AS name, NULL AS country, NULL AS population, NULL AS is_capital,
    string_agg(token, '' ORDER BY position)[:160] AS text, count(*) OVER () AS total
FROM tokens WHERE model = $2 GROUP BY prompt_id
HAVING contains(fold(string_agg(token, '' ORDER BY position)), fold($1))
ORDER BY prompt_id LIMIT $3 OFFSET $4
"""
_POOL = ThreadPoolExecutor(8, thread_name_prefix="view")

Answer = dict[str, Any]
Array = np.ndarray[Any, Any]


def _rows(database: Database, sql: str, *arguments: object) -> list[Answer]:
    cursor = database.cursor()
    try:
        found = cursor.execute(sql, arguments)
        names = [d[0] for d in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    finally:
        cursor.close()


def _columns(database: Database, sql: str, *arguments: object) -> dict[str, Array]:
    cursor = database.cursor()
    try:
        found = cursor.execute(sql, arguments).fetchnumpy()
        return {name: np.ma.getdata(column) for name, column in found.items()}
    finally:
        cursor.close()


def missing_tables(database: Database, model: str, *names: str) -> list[str]:
    """Those of the model tables `names` that the atlas doesn't hold yet."""
    database.refresh()
    there = {name for name, key, _ in database.stamp if key == model}
    return [n for n in names if TABLES[n].kind == "model" and n not in there]


def _waits_for(names: list[str], whose: str = "atlas") -> str:
    tables = " and ".join(f"`{name}`" for name in names)
    return f"This {whose} has no table {tables} yet: `kn run` makes it."


# -- the lake and its prompts ------------------------------------------------------------------


def atlases(database: Database) -> Answer:
    """The atlases of the lake; one that is half-way through a run counts once it has tokens."""
    database.refresh()
    tokenized = sorted({key for name, key, _ in database.stamp if name == "tokens"})
    made = {row["model"]: row for row in _rows(database, "FROM atlases")}
    found = []
    for model in tokenized:
        first = _rows(
            database,
            "SELECT min(prompt_id) AS first_prompt, count(*) AS n_prompts FROM tokens "
            "WHERE model = ? AND position = 0",
            model,
        )[0]
        if first["n_prompts"]:
            found.append({"model": model, **first, **_size(database, model, made.get(model))})
    return {"atlases": found}


def _size(database: Database, model: str, made: Answer | None) -> Answer:
    if made is not None:
        settings = json.loads(made["settings"] or "{}")
        return {
            "corpus": made["corpus"],
            "n_layers": made["n_layers"],
            "n_neurons": made["n_neurons"],
            "dtype": settings.get("dtype"),
        }
    for table in ("neurons", "activations", "logit_lens"):
        columns = "layer, neuron" if table != "logit_lens" else "layer, 0 AS neuron"
        row = _rows(
            database,
            f"SELECT max(layer) + 1 AS n_layers, max(neuron) + 1 AS n_neurons "
            f"FROM (SELECT {columns} FROM {table} WHERE model = ?)",
            model,
        )[0]
        if row["n_layers"]:
            return {"corpus": None, "dtype": None, **row}
    return {"corpus": None, "dtype": None, "n_layers": 0, "n_neurons": 0}


def search(database: Database, model: str, text: str, offset: int, limit: int) -> Answer:
    """Prompts of the atlas whose city, country or text matches, best first.

    Where the corpus is gone, prompts are found by their tokens.
    """
    there = {name for name, _, _ in database.stamp}
    if gone := [name for name in ("cities", "prompts") if name not in there]:
        found = _rows(database, _BY_TOKENS, text.strip(), model, limit, offset)
        return {**_page(found), "missing": _waits_for(gone, "lake")}
    found = _rows(
        database,
        """
        SELECT c.prompt_id, c.name, c.country, c.population, c.is_capital, c.text[:160] AS text,
            count(*) OVER () AS total
        FROM search_cities($1) AS c
        WHERE c.prompt_id IN (SELECT prompt_id FROM tokens WHERE model = $2 AND position = 0)
            AND c.corpus IN (SELECT corpus FROM atlases WHERE model = $2)
        ORDER BY c.score DESC, c.population DESC NULLS LAST, c.prompt_id
        LIMIT $3 OFFSET $4
        """,
        text.strip(),
        model,
        limit,
        offset,
    )
    return _page(found)


def _page(found: list[Answer]) -> Answer:
    total = found[0]["total"] if found else 0
    for row in found:
        del row["total"]
    return {"rows": found, "total": total}


def has_prompt(database: Database, model: str, prompt: int) -> Answer:
    """Whether the atlas holds the prompt."""
    found = _rows(database, "FROM prompt_tokens($1, $2) LIMIT 1", model, prompt)
    return {"has": bool(found)}


# -- the middle pane ---------------------------------------------------------------------------


def prompt(database: Database, model: str, prompt: int, n_layers: int) -> Answer:
    """All of a prompt that the middle pane draws, so that moving the token asks nothing.

    `fired` holds the neurons by (position, layer), strongest first: those at place
    `position * n_layers + layer` are `offsets[place]` to `offsets[place + 1]`. `lens` holds
    [position, layer, rank] arrays, with the tokens as places in `words`.
    """
    tokens = [
        row["token"]
        for row in _rows(database, "SELECT token FROM prompt_tokens($1, $2)", model, prompt)
    ]
    if not tokens:
        raise KnError(f"the atlas {model} has no prompt {prompt}")
    about = _rows(
        database,
        "SELECT name, country, population, is_capital FROM atlas_cities($1) WHERE prompt_id = $2",
        model,
        prompt,
    )
    missing = {
        part: _waits_for(names)
        for part, needs in (("fired", ("activations",)), ("lens", ("logit_lens",)))
        if (names := missing_tables(database, model, *needs))
    }
    thresholds = _rows(
        database, "SELECT threshold FROM thresholds WHERE model = $1 ORDER BY layer", model
    )
    return {
        "prompt": {"prompt_id": prompt, **(about[0] if about else {"name": None})},
        "tokens": tokens,
        "n_layers": n_layers,
        "fired": _fired(database, model, prompt, len(tokens), n_layers),
        "lens": None if "lens" in missing else _lens(database, model, prompt, tokens, n_layers),
        "thresholds": [row["threshold"] for row in thresholds],
        "missing": missing,
    }


def _fired(
    database: Database, model: str, prompt: int, n_tokens: int, n_layers: int
) -> dict[str, dict[str, str]]:
    found = _columns(
        database, "SELECT position, layer, neuron, activation FROM heatmap($1, $2)", model, prompt
    )
    place = found["position"].astype(np.int64) * n_layers + found["layer"]
    order = np.lexsort((-np.abs(found["activation"]), place))
    counts = np.bincount(place, minlength=n_tokens * n_layers)
    return {
        "offsets": pack(np.concatenate([[0], np.cumsum(counts)]), "u4"),
        "neuron": pack_ids(found["neuron"][order]),
        "activation": pack(found["activation"][order], "f4"),
    }


def _lens(
    database: Database, model: str, prompt: int, tokens: list[str], n_layers: int
) -> dict[str, Any]:
    found = _columns(
        database,
        """
        SELECT position, layer, rank, token, probability,
            coalesce(next_probability, 0) AS next_probability, coalesce(next_rank, 0) AS next_rank
        FROM lens($1, $2) WHERE rank <= $3
        """,
        model,
        prompt,
        LENS_RANKS,
    )
    words, word = np.unique(found["token"].astype(str), return_inverse=True)
    shape = (len(tokens), n_layers)
    at = (found["position"].astype(int), found["layer"].astype(int))
    ranked = (*at, found["rank"].astype(int) - 1)
    word_of = np.zeros((*shape, LENS_RANKS), dtype=np.int64)
    word_of[ranked] = word
    probability = np.zeros((*shape, LENS_RANKS), dtype=np.float32)
    probability[ranked] = found["probability"]
    next_probability = np.zeros(shape, dtype=np.float32)
    next_probability[at] = found["next_probability"]
    next_rank = np.zeros(shape, dtype=np.int64)
    next_rank[at] = found["next_rank"]
    return {
        "ranks": LENS_RANKS,
        "words": words.tolist(),
        "word": pack_ids(word_of.ravel()),
        "probability": pack(probability.ravel(), "f4"),
        "next_probability": pack(next_probability.ravel(), "f4"),
        "next_rank": pack(next_rank.ravel(), "u4"),
    }


# -- the right pane ----------------------------------------------------------------------------


def neuron(database: Database, model: str, prompt: int, layer: int, neuron: int) -> Answer:
    """What a neuron is, the prompts that fire it, and the weights of attention in this prompt."""
    missing = {
        part: _waits_for(names)
        for part, needs in (
            ("card", ("neurons",)),
            ("vocabulary", ("neuron_vocabulary",)),
            ("top", ("neuron_peaks", "activations_by_neuron")),
            ("sample", ("neuron_peaks", "activations_by_neuron")),
            ("attention", ("attention", "activations")),
        )
        if (names := missing_tables(database, model, *needs))
    }
    one = (model, layer, neuron)
    # Five small look-ups in different files: side by side they take half the time.
    card, countries, top, sample, weighted = (
        _POOL.submit(_card, database, *one),
        _POOL.submit(_rows, database, _COUNTRIES, *one),
        _POOL.submit(_examples, database, "neuron_prompts", (*one, TOP_PROMPTS)),
        _POOL.submit(_examples, database, "neuron_sample", (*one, SAMPLE_PROMPTS)),
        _POOL.submit(_weighted, database, model, prompt, layer, neuron),
    )
    facts = card.result()
    return {
        "card": facts,
        "vocabulary": _vocabulary(facts) if facts and "vocabulary" not in missing else None,
        "countries": countries.result(),
        "top": top.result(),
        "sample": sample.result(),
        "attention": None if "attention" in missing else weighted.result(),
        "missing": missing,
    }


def _card(database: Database, model: str, layer: int, neuron: int) -> Answer | None:
    found = _rows(database, "FROM neuron_card($1, $2, $3)", model, layer, neuron)
    return found[0] if found else None


def _vocabulary(card: Answer) -> Answer:
    def words(name: str) -> list[Answer]:
        tokens, scores = card.pop(name) or [], card.pop(f"{name}_scores") or []
        pairs = zip(tokens[:8], scores[:8], strict=True)
        return [{"token": token, "score": score} for token, score in pairs]

    return {"promotes": words("promoted"), "suppresses": words("suppressed")}


def _examples(database: Database, macro: str, arguments: tuple[str, int, int, int]) -> list[Answer]:
    return _rows(database, f"FROM {macro}($1, $2, $3, $4) ORDER BY rank", *arguments)


def _weighted(
    database: Database, model: str, prompt: int, layer: int, neuron: int
) -> Answer | None:
    """Attention of the layer as the rows of a lower triangle, and the activations it weights."""
    found = _columns(
        database,
        "SELECT position, source_position, attention, activation "
        "FROM attention_weighted($1, $2, $3, $4)",
        model,
        prompt,
        layer,
        neuron,
    )
    if not len(found["position"]):
        return None
    position = found["position"].astype(int)
    source = found["source_position"].astype(int)
    n = int(position.max()) + 1
    weights = np.zeros(n * (n + 1) // 2, dtype=np.float32)
    weights[position * (position + 1) // 2 + source] = found["attention"]
    activations = np.zeros(n)
    activations[source] = found["activation"]
    return {
        "weights": pack(weights, "f4"),
        "activations": [float(a) if a else None for a in activations],
    }


# -- the map -----------------------------------------------------------------------------------


def points(database: Database, model: str, kind: str) -> Answer:
    """The map of neurons or of prompts; places are 16-bit fractions of one square."""
    table = "neuron_map" if kind == "neurons" else "prompt_map"
    if names := missing_tables(database, model, table):
        return {"n": 0, "missing": _waits_for(names)}
    macro = "neuron_points" if kind == "neurons" else "prompt_points"
    found = _columns(
        database,
        f"SELECT * REPLACE (coalesce(prompt_id, -1) AS prompt_id, coalesce(name, '') AS name, "
        f"coalesce(country, '') AS country, coalesce(continent, '') AS continent) FROM {macro}($1)",
        model,
    )
    n = len(found["x"])
    left, top = float(found["x"].min(initial=0)), float(found["y"].min(initial=0))
    width, height = float(np.ptp(found["x"])), float(np.ptp(found["y"]))
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
    if "cluster" in found:
        answer["cluster"] = pack(found["cluster"], "i2")
    if kind == "neurons":
        answer |= {
            "layer": pack_ids(found["layer"]),
            "neuron": pack_ids(found["neuron"]),
            "rate": pack(np.nan_to_num(found["firing_rate"]), "f4"),
        }
    return answer


def selection(database: Database, model: str, kind: str, box: tuple[float, ...]) -> Answer:
    """What the points in a box [x0, x1, y0, y1] have in common.

    A country's lift is its share in the box over its share on the whole map.
    """
    macro = "neuron_points" if kind == "neurons" else "prompt_points"
    inside = "x BETWEEN $2 AND $3 AND y BETWEEN $4 AND $5"
    countries = _rows(
        database,
        f"""
        SELECT country, count(*) FILTER ({inside}) AS n, sum(n) OVER () AS total,
            (n / total) / (count(*) / sum(count(*)) OVER ()) AS lift
        FROM {macro}($1) GROUP BY country ORDER BY n DESC, country
        """,
        model,
        *box,
    )
    words = (
        _rows(
            database,
            f"""
            SELECT v.token, count(*) AS n
            FROM neuron_points($1) AS p
            JOIN neuron_vocabulary AS v ON v.layer = p.layer AND v.neuron = p.neuron
            WHERE v.model = $1 AND v.sign = 1 AND {inside}
            GROUP BY v.token ORDER BY n DESC, v.token LIMIT 16
            """,
            model,
            *box,
        )
        if kind == "neurons"
        else []
    )
    return {
        "n": int(countries[0]["total"]) if countries else 0,
        "countries": [
            {"country": row["country"], "n": row["n"], "lift": row["lift"]}
            for row in countries
            if row["n"] and row["country"]
        ][:10],
        "words": words,
    }
