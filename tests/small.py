"""A small world for whole runs: a corpus in a file, a tiny random model in a folder."""

from __future__ import annotations

import json
from pathlib import Path

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.lake import Lake
from kn_assets.launch.request import Request
from tests.models import tiny

SENTENCES = (
    "Kabul is the capital and largest city of Afghanistan, in the east of the country.",
    "São Paulo lies in Brazil, not far from the Atlantic Ocean.",
    "With 37 million people, Tokyo (東京) is the capital of Japan.",
    "Lagos is the largest city of Nigeria.",
    "Rome, the capital of Italy, lies on the Tiber.",
    "Lima is the capital of Peru and lies on the Pacific coast.",
)
COUNTRIES = ("Afghanistan", "Brazil", "Japan", "Nigeria", "Italy", "Peru")


def corpus_file(folder: Path, repeats: int = 4) -> Path:
    """cities.jsonl: `repeats` texts of each of six cities."""
    path = folder / "cities.jsonl"
    rows = [
        {
            "name": f"{sentence.split()[0]} {i}",
            "country": country,
            "text": f"{sentence} {'It is well known. ' * i}",
            "population": 100_000 * (i + 1),
        }
        for i in range(repeats)
        for sentence, country in zip(SENTENCES, COUNTRIES, strict=True)
    ]
    path.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    return path


def settings(folder: Path, **given: object) -> AtlasSettings:
    """An atlas of the file and a tiny GPT-2, both made in `folder` where they aren't there yet."""
    corpus = folder / "cities.jsonl"
    if not corpus.exists():
        corpus_file(folder)
    model = folder / "tiny"
    if not model.exists():
        tiny.save(model)
    base = AtlasSettings(
        corpus=str(corpus), model=str(model), tokens=12, density=0.1, dtype="float32", top_k=5
    )
    return base.with_given(**given)


def request(folder: Path, lake: str = "lake", **given: object) -> Request:
    return Request(Lake(folder / lake), settings(folder, **given))
