"""Made-up cities with names of the awkward sort, their prompts and pages."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from kn_assets.lake import Lake, Partition
from kn_assets.synthetic.dense import Shape, city_of, lengths, token_ids
from kn_assets.synthetic.text import CITIES, COUNTRIES, vocabulary
from kn_assets.synthetic.write import columns_of, write


def write_corpus(lake: Lake, where: Partition, size: Shape) -> None:
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
    write(lake, where, "cities", [columns_of(rows)])
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
    write(lake, where, "prompts", [columns_of(texts)])
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
    write(lake, where, "pages", [columns_of(pages)])
