"""Labels of clusters whose countries and words are planted."""

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.cluster_labels import neuron_clusters, prompt_clusters
from kn_assets.schema import TABLES

N_PROMPTS, N_NEURONS = 40, 30
COUNTRIES = {p: ("Japan", "Peru", "Chad", "Fiji")[p % 4] for p in range(N_PROMPTS)}


def table(name: str, rows: list[dict]) -> pa.Table:
    schema = TABLES[name].schema
    return pa.table(
        {f.name: pa.array([r.get(f.name, 0) for r in rows], f.type) for f in schema}, schema=schema
    )


def neurons(clusters: list[int]) -> pa.Table:
    """Two layers; the points of cluster c lie around (100 c, 0)."""
    rng = np.random.default_rng(0)
    return table(
        "neuron_map",
        [
            {
                "layer": i // 15,
                "neuron": i % 15,
                "x": 100 * c + rng.normal(),
                "y": rng.normal(),
                "cluster": c,
            }
            for i, c in enumerate(clusters)
        ],
    )


def top(prompts_of: list[list[int]], sign: list[int]) -> pa.Table:
    """Each neuron's strongest prompts, and weak ones of the other sign."""
    rows = []
    for i, prompts in enumerate(prompts_of):
        place = {"layer": i // 15, "neuron": i % 15}
        strong = [9.0 - rank / 10 for rank in range(len(prompts))]
        for p, value in zip(prompts, strong, strict=True):
            rows.append({**place, "prompt_id": p, "activation": sign[i] * value})
            rows.append({**place, "prompt_id": p, "activation": sign[i] * (value - 0.05)})
        rows += [{**place, "prompt_id": p, "activation": -0.1 * sign[i]} for p in range(3)]
    return table("neuron_top", rows)


def vocabulary(promoted: list[list[str]], suppressed: list[list[str]]) -> pa.Table:
    rows = []
    for i, both in enumerate(zip(promoted, suppressed, strict=True)):
        for sign, tokens in zip((1, -1), both, strict=True):
            for rank, token in enumerate(tokens):
                row = {"layer": i // 15, "neuron": i % 15, "sign": sign, "rank": rank + 1}
                rows.append({**row, "token": token, "score": sign * (2.0 - rank / 10)})
    return table("neuron_vocabulary", rows)


@pytest.fixture
def atlas() -> dict[str, pa.Table]:
    """Cluster 0 fires on Japan and promotes yen; cluster 1 fires, negatively, on Chad."""
    clusters = [0] * 12 + [1] * 10 + [-1] * 8
    every = list(range(N_PROMPTS))
    by_country = {name: [p for p in every if COUNTRIES[p] == name] for name in COUNTRIES.values()}
    prompts = [by_country["Japan"]] * 12 + [by_country["Chad"]] * 10
    mixed = [every[i : i + 10] for i in range(8)]
    noise = [[" the", " of", "ing"]] * 8
    return {
        "placed": neurons(clusters),
        "top": top(prompts + mixed, [1] * 12 + [-1] * 10 + [1] * 8),
        "vocabulary": vocabulary(
            [[" yen", "Yen", " the", "atta", " 9"]] * 12 + [[" wrong", " the"]] * 10 + noise,
            [[" wrong"]] * 12 + [[" lake", " sand", " of"]] * 10 + noise,
        ),
    }


def test_neurons(atlas):
    found = neuron_clusters(**atlas, countries=COUNTRIES)
    assert found.schema == TABLES["map_clusters"].schema
    japan, chad = found.to_pylist()
    assert (japan["kind"], japan["cluster"], japan["n"]) == ("neuron", 0, 12)
    assert japan["label"] == "Japan · yen"
    assert japan["countries"][0] == "Japan"
    prompts = 22 * 10 + 8 * 10
    of_japan = 12 * 10 + sum(COUNTRIES[p] == "Japan" for i in range(8) for p in range(i, i + 10))
    assert japan["country_lifts"][0] == pytest.approx(prompts / of_japan)
    assert japan["vocabulary"] == ["yen"], "writings are one word; pieces and numbers are none"
    assert chad["label"] == "Chad · lake, sand", "a negative neuron promotes what it suppresses"
    assert abs(japan["x"]) < 5
    assert abs(chad["x"] - 100) < 5


def test_weak_and_repeated_tokens_of_a_neuron_do_not_count(atlas):
    """Prompts 0 to 2 come last in every neuron, and every strong prompt twice."""
    found = neuron_clusters(**atlas, countries={0: "Andorra", 1: "Andorra", 2: "Andorra"})
    assert "Andorra" not in found["countries"].to_pylist()[1]


def test_tokenizers_that_tell_no_spaces(atlas):
    tokens = pa.array([t.strip() for t in atlas["vocabulary"]["token"].to_pylist()])
    place = atlas["vocabulary"].schema.get_field_index("token")
    stripped = atlas["vocabulary"].set_column(place, "token", tokens)
    found = neuron_clusters(**(atlas | {"vocabulary": stripped}), countries=COUNTRIES)
    assert "atta" in found["vocabulary"].to_pylist()[0]


def test_nothing_to_tell_gives_the_number(atlas):
    bare = neuron_clusters(
        atlas["placed"], atlas["top"], atlas["vocabulary"].slice(0, 0), countries={}
    )
    assert bare["label"].to_pylist() == ["cluster 0", "cluster 1"]
    assert bare["countries"].to_pylist() == [[], []]


def test_no_clusters():
    found = neuron_clusters(
        neurons([-1] * 30), top([[1]] * 30, [1] * 30), vocabulary([[" a"]] * 30, [[]] * 30), {}
    )
    assert found.num_rows == 0
    assert found.schema == TABLES["map_clusters"].schema


def test_prompts():
    clusters = [p % 4 if p % 4 < 2 else -1 for p in range(N_PROMPTS)]
    placed = table(
        "prompt_map",
        [{"prompt_id": p, "x": 100 * c, "y": p, "cluster": c} for p, c in enumerate(clusters)],
    )
    texts = [
        f"City {p} has {('sushi', 'llamas', 'people', 'people')[p % 4]}" for p in range(N_PROMPTS)
    ]
    tokens = table(
        "tokens",
        [
            {"prompt_id": p, "position": i, "token": piece}
            for p, text in enumerate(texts)
            for i, piece in enumerate([text[:3], text[3:-2], text[-2:]])
        ],
    )
    japan, peru = prompt_clusters(placed, tokens, COUNTRIES).to_pylist()
    assert (japan["kind"], japan["n"], japan["label"]) == ("prompt", 10, "Japan · sushi")
    assert (peru["label"], peru["vocabulary"]) == ("Peru · llamas", ["llamas"])
    assert japan["country_lifts"] == [4.0]
    assert japan["x"] == 0
    assert peru["x"] == 100


def test_a_country_of_a_single_prompt_says_nothing_of_a_cluster():
    clusters = [0] * 5 + [-1] * 35
    placed = table("prompt_map", [{"prompt_id": p, "cluster": c} for p, c in enumerate(clusters)])
    tokens = table("tokens", [{"prompt_id": p, "token": "x"} for p in range(N_PROMPTS)])
    countries = {0: "Malta", 1: "Japan", 2: "Japan", 9: "Peru", 10: "Peru"}
    (row,) = prompt_clusters(placed, tokens, countries).to_pylist()
    assert row["countries"] == ["Japan"]
