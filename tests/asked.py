"""A small lake of which everything is told here: cities, prompts by token, facts, concepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.lake import Lake
from kn_assets.lake.schema import ALL
from kn_assets.synthetic import FINGERPRINT, Shape
from kn_assets.synthetic.knowledge import add_facts, add_knowledge
from tests.made import make_lake

MODEL, CORPUS = "tiny", "made"
SHAPE = Shape(n_prompts=10, extra_prompts=1, seed=5)

# name, country, code, continent, population, is capital, other names
CITIES = (
    ("Kabul", "Afghanistan", "AF", "Asia", 4_400_000, True, ("Cabul", "Caboul")),
    ("Tokyo", "Japan", "JP", "Asia", 37_000_000, True, ("Edo", "東京")),
    ("Toulouse", "France", "FR", "Europe", 510_000, False, ("Tolosa",)),
    ("Warsaw", "Poland", "PL", "Europe", 1_700_000, True, ("Paris of the North", "Warszawa")),
    ("Paris", "France", "FR", "Europe", 2_100_000, True, ("Lutetia",)),
    ("New York City", "United States", "US", "North America", 8_800_000, False, ("New York",)),
    ("Niamey", "Niger", "NE", "Africa", 1_300_000, True, ()),
    ("Mumbai", "India", "IN", "Asia", 12_700_000, False, ("Bombay", "Is")),
    ("Yokohama", "Japan", "JP", "Asia", 3_700_000, False, ()),
    ("Lyon", "France", "FR", "Europe", 500_000, False, ()),
    ("York", "United Kingdom", "GB", "Europe", 150_000, False, ("Eboracum",)),
    ("Abuja", "Nigeria", "NG", "Africa", 3_600_000, True, ()),
)
"""In the order of the table; the last one has no prompt, the one before none in the atlas."""

PROMPTS = (
    (
        "Kabul",
        ["In", " Afghanistan", " lies", " Kabul", ",", " Afghan", "istan", "'s", " heart", "."],
    ),
    ("Tokyo", ["Tokyo", " is", " the", " largest", " city", " of", " Japan", ",", " by", " far"]),
    ("Toulouse", ["Tou", "louse", " is", " a", " city", " in", " France", ",", " not", " small"]),
    ("Warsaw", ["War", "saw", " lies", " in", " Poland", ".", " Good"]),
    ("Paris", ["Paris", " and", " Tokyo", " are", " far", " apart", ",", " they", " say", "."]),
    (
        "New York City",
        ["New", " York", " is", " in", " the", " United", " States", ",", " east", "."],
    ),
    ("Niamey", ["Nia", "mey", " is", " not", " in", " Nigeria", " but", " in", " Niger", "."]),
    ("Mumbai", ["Mumbai", " is", " in", " India", ",", " as", " "]),
    ("Yokohama", ["Yoko", "hama", " lies", " near", " Tokyo", " in", " Japan", ".", " It", " is"]),
    ("Lyon", ["Lyon", " is", " in", " the", " east", " of", " the", " land", ",", " ok"]),
    ("York", ["York", " is", " in", " the", " north", "."]),
)
"""By prompt_id: the city and the tokens; the last one is in the corpus alone."""

FRANCE = ((1, 11, 0.97, 0.85), (2, 7, 0.9, 0.88))
"""layer, neuron, AUROC and its lower end of the neurons that mark France."""


def id_of(city: str) -> int:
    return 5000 + 3 * [row[0] for row in CITIES].index(city)


def asked_lake(root: Path) -> Lake:
    """The lake of all this; what the model fired is made up, and so are its answers."""
    lake = make_lake(root, MODEL, CORPUS, **{k: getattr(SHAPE, k) for k in vars(SHAPE)})
    place, where = lakes.corpus(CORPUS), lakes.model(MODEL)
    _write(lake, place, "cities", [_city(*row) for row in CITIES])
    texts = [
        {"prompt_id": i, "city_id": id_of(city), "text": "".join(tokens)}
        for i, (city, tokens) in enumerate(PROMPTS)
    ]
    _write(lake, place, "prompts", texts)
    told = [
        {**row, "token": PROMPTS[row["prompt_id"]][1][row["position"]]}
        for row in lake.read(where, "tokens").to_pylist()
    ]
    _write(lake, where, "tokens", told)
    add_facts(lake, place, FINGERPRINT)
    add_knowledge(lake, where, place, SHAPE.n_layers, SHAPE.n_neurons, FINGERPRINT, seed=SHAPE.seed)
    _write(lake, where, "neuron_concepts", [_marker(*row) for row in FRANCE])
    return lake


def _city(
    name: str, country: str, code: str, continent: str, population: int, capital: bool, others: Any
) -> dict[str, Any]:
    return {
        "city_id": id_of(name), "name": name, "country": country, "country_code": code,
        "continent": continent, "population": population, "is_capital": capital,
        "latitude": 0.0, "longitude": 0.0, "url": "https://example.org", "source": "made up",
        "alternate_names": list(others),
    }  # fmt: skip


def _marker(layer: int, neuron: int, auroc: float, low: float) -> dict[str, Any]:
    return {
        "layer": layer, "neuron": neuron, "attribute": "country", "value": "France", "n": 3,
        "precision": 0.75, "recall": 1.0, "lift": 2.5, "auroc": auroc, "q_value": 0.001,
        "n_fired": 4, "n_both": 3, "auroc_low": low,
    }  # fmt: skip


def _write(lake: Lake, where: Any, name: str, rows: list[dict[str, Any]]) -> None:
    lake.write(where, name, pa.Table.from_pylist(rows, schema=ALL[name].schema), FINGERPRINT)
