"""Labels of clusters whose phrases, names, countries and words are planted."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.maps.labels.labels import NAMES, City, neuron_clusters, prompt_clusters
from kn_assets.maps.labels.wording import NO_THEME

N_PROMPTS, PER_LAYER = 40, 15
COUNTRIES = ("Japan", "Peru", "Chad", "Fiji")
CITIES = {p: City(f"Alfa{p}", COUNTRIES[p % 4]) for p in range(N_PROMPTS)}
BEGIN = ("We saw", "They left", "She knows", "All like", "None met")
WHO = ("one", "he", "she", "everybody", "nobody", "it", "some")
TEXTS = [
    f"{BEGIN[p % 5]} {CITIES[p].name} of {CITIES[p].country}, {WHO[p % 7]} pays {90 + p} yen"
    for p in CITIES
]
TOKENS = [re.findall(r"\s?[^\s,]+|,", text) for text in TEXTS]
NAME, PAYS = 2, 7  # positions
SIZES = (14, 12, 10)  # of the clusters: those that fire on "pays", on names, and in Chad


def table(name: str, rows: list[dict]) -> pa.Table:
    schema = TABLES[name].schema
    return pa.table(
        {f.name: pa.array([r.get(f.name, 0) for r in rows], f.type) for f in schema}, schema=schema
    )


def place(i: int) -> dict[str, int]:
    return {"layer": i // PER_LAYER, "neuron": i % PER_LAYER}


def neurons(clusters: list[int]) -> pa.Table:
    """The points of cluster c lie around (100 c, 0)."""
    rng = np.random.default_rng(0)
    rows = [{"x": 100 * c + rng.normal(), "y": rng.normal(), "cluster": c} for c in clusters]
    return table("neuron_map", [{**place(i), **row} for i, row in enumerate(rows)])


def top(places_of: list[list[tuple[int, int]]], sign: list[int]) -> pa.Table:
    """Each neuron's strongest (prompt, position), and weak ones of the other sign at the end."""
    rows = []
    for i, places in enumerate(places_of):
        for rank, (p, position) in enumerate(places):
            strong = {**place(i), "prompt_id": p, "position": position}
            rows.append({**strong, "activation": sign[i] * (9 - rank / 10)})
            weaker = {**strong, "position": len(TOKENS[p]) - 1}
            rows.append({**weaker, "activation": sign[i] * (9 - rank / 10 - 0.05)})
        rows += [
            {**place(i), "prompt_id": p, "position": 1, "activation": -0.1 * sign[i]}
            for p in range(3)
        ]
    return table("neuron_top", rows)


def vocabulary(promoted: list[list[str]], suppressed: list[list[str]]) -> pa.Table:
    rows = []
    for i, both in enumerate(zip(promoted, suppressed, strict=True)):
        for sign, tokens in zip((1, -1), both, strict=True):
            for rank, token in enumerate(tokens):
                row = {**place(i), "sign": sign, "rank": rank + 1, "token": token}
                rows.append({**row, "score": sign * (2.0 - rank / 10)})
    return table("neuron_vocabulary", rows)


def tokens(texts: list[list[str]]) -> pa.Table:
    rows = [
        {"prompt_id": p, "position": i, "token": token, "sink": False}
        for p, text in enumerate(texts)
        for i, token in enumerate(text)
    ]
    return table("tokens", rows)


def chosen(rng: np.random.Generator, prompts: list[int], position: int | None) -> list:
    """Ten of the prompts, at a position or anywhere."""
    picked = rng.permutation(prompts)[:10].tolist()
    return [(p, position or int(rng.integers(NAME + 1, len(TOKENS[p])))) for p in picked]


@pytest.fixture
def atlas() -> dict:
    """Cluster 0 fires on "pays"; 1, negatively, on names; 2 in Chad, and promotes sand."""
    rng = np.random.default_rng(0)
    every = list(range(N_PROMPTS))
    of_chad = [p for p in every if CITIES[p].country == "Chad"]
    where = [(every, PAYS)] * 14 + [(every, NAME)] * 12 + [(of_chad, None)] * 10
    n = len(where)
    noise = [" the", "ing"]
    return {
        "placed": neurons([c for c, size in enumerate(SIZES) for _ in range(size)]),
        "top": top([chosen(rng, *one) for one in where], [1] * 14 + [-1] * 12 + [1] * 10),
        "vocabulary": vocabulary(
            [noise] * (n - 10) + [[" sand", "Sand", " the", "atta", " 9"]] * 10,
            [noise] * 14 + [[" lake", " the"]] * 12 + [[" lake"]] * 10,
        ),
        "tokens": tokens(TOKENS),
        "cities": CITIES,
    }


def term_shares(row: dict) -> dict[tuple[str, str], tuple[float, float]]:
    shares = zip(row["term_shares"], row["term_shares_elsewhere"], strict=True)
    return dict(zip(zip(row["term_kinds"], row["terms"], strict=True), shares, strict=True))


def test_neurons(atlas: Lake) -> None:
    found = neuron_clusters(**atlas)
    assert found.schema == TABLES["map_clusters"].schema
    pays, names, chad = found.to_pylist()
    assert [row["n"] for row in (pays, names, chad)] == list(SIZES)
    assert pays["label"].startswith("pattern “pays # yen” (100 %)"), "as it goes on in every text"
    assert term_shares(pays)["pattern", "pays"] == (1, 0)
    assert term_shares(names)["name", NAMES] == (1, 0)
    assert term_shares(names)["sign", "−"] == (1, 0)
    assert names["label"].startswith(f"{NAMES} (100 %)")
    assert chad["countries"][0] == "Chad"
    assert term_shares(chad)["country", "Chad"] == (1, 0)
    assert chad["label"].startswith("Chad (100 %)")
    assert chad["vocabulary"] == ["sand"], "writings are one word; pieces and numbers are none"
    assert names["vocabulary"] == ["lake"], "a negative neuron promotes what it suppresses"
    assert abs(pays["x"]) < 5
    assert abs(names["x"] - 100) < 5


def test_shares_are_of_the_neurons_that_a_term_is_true_of(atlas: Lake) -> None:
    """Two of the first cluster's neurons fire elsewhere, and one of the second on the same word."""
    rng = np.random.default_rng(1)
    every = list(range(N_PROMPTS))
    where = [PAYS] * 12 + [1] * 2 + [NAME] * 11 + [PAYS] + [1] * 10
    signs = [1] * len(where)
    strongest = top([chosen(rng, every, position) for position in where], signs)
    pays, *_ = neuron_clusters(**(atlas | {"top": strongest})).to_pylist()
    assert term_shares(pays)["pattern", "pays"] == pytest.approx((12 / 14, 1 / 22))
    assert pays["label"].startswith("pattern “pays # yen” (86 %)")


def test_nothing_is_said_of_clusters_by_chance(atlas: Lake) -> None:
    rng = np.random.default_rng(2)
    clusters = rng.permutation(np.repeat([0, 1, 2], SIZES)).tolist()
    found = neuron_clusters(**(atlas | {"placed": neurons(clusters)})).to_pylist()
    assert [row["label"] for row in found] == [NO_THEME] * 3
    assert [row["terms"] for row in found] == [[]] * 3


def test_few_and_alike(atlas: Lake) -> None:
    """A fifth of a cluster fires on "pays", up in one cluster and down in the other: no label."""
    rng = np.random.default_rng(3)
    every = list(range(N_PROMPTS))
    where = ([PAYS] * 20 + [None] * 80) * 2 + [None] * 400
    signs = [1] * 100 + [-1] * 100 + [1, -1] * 200
    clusters = [0] * 100 + [1] * 100 + [2] * 400
    order = rng.permutation(len(where)).tolist()
    found = neuron_clusters(
        neurons([clusters[i] for i in order]),
        top([chosen(rng, every, where[i]) for i in order], [signs[i] for i in order]),
        atlas["vocabulary"].slice(0, 0),
        atlas["tokens"],
        {},
    ).to_pylist()
    labels = [row["label"] for row in found]
    signed = [f"{NO_THEME} · positive (100 %)", f"{NO_THEME} · negative (100 %)"]
    assert labels == [*signed, NO_THEME]
    assert term_shares(found[0])["pattern", "pays"] == pytest.approx((0.2, 20 / 500), abs=0.03)
    assert found[0]["countries"] == found[0]["vocabulary"] == []


def test_a_label_does_not_hang_on_the_order_of_rows(atlas: Lake) -> None:
    rng = np.random.default_rng(4)
    mixed = {
        name: atlas[name].take(rng.permutation(atlas[name].num_rows)) for name in ("placed", "top")
    }
    again = neuron_clusters(**(atlas | mixed))
    told = ["label", "terms", "term_shares", "term_shares_elsewhere"]
    assert again.select(told).equals(neuron_clusters(**atlas).select(told))


def test_weak_and_repeated_tokens_of_a_neuron_do_not_count(atlas: Lake) -> None:
    """Prompts 0 to 2 come last in every neuron of Chad, and every strong prompt twice."""
    cities = {p: City("x", "Andorra" if p < 2 else "Chad") for p in range(N_PROMPTS)}
    found = neuron_clusters(**(atlas | {"cities": cities}))
    assert "Andorra" not in found["countries"].to_pylist()[2]


def test_tokenizers_that_tell_no_spaces(atlas: Lake) -> None:
    stripped = pa.array([t.strip() for t in atlas["vocabulary"]["token"].to_pylist()])
    at = atlas["vocabulary"].schema.get_field_index("token")
    spaceless = atlas["vocabulary"].set_column(at, "token", stripped)
    found = neuron_clusters(**(atlas | {"vocabulary": spaceless}))
    assert "atta" in found["vocabulary"].to_pylist()[2]


def test_no_clusters(atlas: Lake) -> None:
    found = neuron_clusters(**(atlas | {"placed": neurons([-1] * sum(SIZES))}))
    assert found.num_rows == 0
    assert found.schema == TABLES["map_clusters"].schema


def test_prompts() -> None:
    clusters = [p % 4 if p % 4 < 2 else -1 for p in range(N_PROMPTS)]
    placed = table(
        "prompt_map",
        [{"prompt_id": p, "x": 100 * c, "y": p, "cluster": c} for p, c in enumerate(clusters)],
    )
    said = ("eats sushi", "has llamas", "people", "people")
    texts = [f"{said[p % 4]} {p}" for p in range(N_PROMPTS)]
    pieces = [[text[:3], text[3:-2], text[-2:]] for text in texts]
    japan, peru = prompt_clusters(placed, tokens(pieces), CITIES).to_pylist()
    assert (japan["kind"], japan["n"], japan["label"]) == ("prompt", 10, "eats sushi # (100 %)")
    assert term_shares(japan) == {("text", "eats sushi #"): (1, 0)}
    assert set(peru["vocabulary"]) == {"has", "llamas"}
    assert japan["country_lifts"] == [4.0]
    assert japan["x"] == 0
    assert peru["x"] == 100


def test_a_country_of_a_single_prompt_says_nothing_of_a_cluster() -> None:
    clusters = [0] * 5 + [-1] * 35
    placed = table("prompt_map", [{"prompt_id": p, "cluster": c} for p, c in enumerate(clusters)])
    cities = {0: "Malta", 1: "Japan", 2: "Japan", 9: "Peru", 10: "Peru"}
    named = {p: City("x", country) for p, country in cities.items()}
    (row,) = prompt_clusters(placed, tokens([["x"]] * N_PROMPTS), named).to_pylist()
    assert row["countries"] == ["Japan"]
