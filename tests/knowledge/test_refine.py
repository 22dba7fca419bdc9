"""Coarse and refined sets against what the definitions give by hand."""

import pyarrow as pa
import pytest

from kn_assets.knowledge.refine import coarse, refine
from kn_assets.lake.schema import KNOWLEDGE


def attributions(rows: list[tuple[int, int, int, int, float]]) -> pa.Table:
    names = ("fact_id", "prompt", "layer", "neuron", "score")
    return pa.Table.from_pylist(
        [dict(zip(names, r, strict=True)) for r in rows],
        schema=KNOWLEDGE["attributions"].schema,
    )


def facts(relations: list[str]) -> pa.Table:
    rows = [{"fact_id": i, "relation": r} for i, r in enumerate(relations)]
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE["facts"].schema)


def shared(
    fact: int, hits: dict[int, int], wordings: int
) -> list[tuple[int, int, int, int, float]]:
    """Neuron n of layer 1 scores 1.0 in the first hits[n] wordings; neuron 0 in all of them."""
    return [
        (fact, j, 1, n, 1.0)
        for j in range(wordings)
        for n, count in ({0: wordings} | hits).items()
        if j < count
    ]


def keys(table: pa.Table) -> set[tuple[int, int, int]]:
    return {(r["fact_id"], r["layer"], r["neuron"]) for r in table.to_pylist()}


def test_coarse_is_by_prompt_over_all_layers() -> None:
    table = attributions(
        [
            (0, 0, 0, 1, 1.0),
            (0, 0, 3, 2, 0.2),
            (0, 0, 3, 3, 0.19),
            (0, 1, 0, 4, 0.05),
            (0, 1, 1, 4, 0.011),
            (0, 1, 1, 5, 0.009),
            (7, 0, 0, 6, 0.001),
        ]
    )
    found = [(r["fact_id"], r["prompt"], r["neuron"]) for r in coarse(table).to_pylist()]
    assert found == [(0, 0, 1), (0, 0, 2), (0, 1, 4), (0, 1, 4), (7, 0, 6)]
    assert coarse(attributions([])).num_rows == 0


def test_seven_tenths_of_the_wordings() -> None:
    """10 wordings: 7 hits are enough at 0.7 (floats would say otherwise), 6 are not."""
    table = attributions(shared(0, {1: 7, 2: 6, 3: 10}, 10))
    found, (told,) = refine(table, facts(["r"]), {0: 10})
    assert keys(found) == {(0, 1, 0), (0, 1, 1), (0, 1, 3)}
    assert (told.share, told.tries, told.mean_neurons, told.reached) == (0.7, 1, 3.0, True)
    by_neuron = {r["neuron"]: r for r in found.to_pylist()}
    assert by_neuron[1]["share"] == pytest.approx(0.7)
    assert by_neuron[1]["score"] == pytest.approx(0.7)  # 1.0 in 7 of 10 wordings


def test_share_rises_while_there_are_too_many() -> None:
    hits = dict.fromkeys(range(1, 9), 15) | {9: 17, 10: 20}
    found, (told,) = refine(attributions(shared(0, hits, 20)), facts(["r"]), {0: 20})
    assert keys(found) == {(0, 1, 0), (0, 1, 9), (0, 1, 10)}
    assert (told.share, told.tries) == (0.8, 3)  # 0.70 and 0.75 leave 11


def test_share_falls_while_there_are_too_few() -> None:
    found, (told,) = refine(attributions(shared(0, {1: 12}, 20)), facts(["r"]), {0: 20})
    assert keys(found) == {(0, 1, 0), (0, 1, 1)}
    assert (told.share, told.tries, told.reached) == (0.6, 3, True)


def test_six_tries_and_the_nearest_stands() -> None:
    hits = dict.fromkeys(range(1, 9), 20) | {9: 14}
    found, (told,) = refine(attributions(shared(0, hits, 20)), facts(["r"]), {0: 20})
    assert (told.tries, told.reached) == (6, False)
    assert told.mean_neurons == len(keys(found)) == 9
    assert told.share == 0.75, "the first of those that are equally near"


def test_no_share_between_too_many_and_too_few() -> None:
    """Eight neurons at 0.7, one at 0.75: the search turns back, and the nearer one stands."""
    hits = dict.fromkeys(range(1, 8), 14)
    _, (told,) = refine(attributions(shared(0, hits, 20)), facts(["r"]), {0: 20})
    assert (told.tries, told.share, told.mean_neurons) == (2, 0.75, 1.0)


def test_relations_have_their_own_share_and_facts_without_neurons_count() -> None:
    rows = shared(0, {1: 10, 2: 10, 3: 10}, 10) + shared(2, dict.fromkeys(range(1, 9), 7), 10)
    found, told = refine(attributions(rows), facts(["a", "a", "b"]), {0: 10, 1: 10, 2: 10})
    assert [(t.relation, t.n_facts, t.mean_neurons) for t in told] == [("a", 2, 2.0), ("b", 1, 1.0)]
    assert keys(found) == {(0, 1, 0), (0, 1, 1), (0, 1, 2), (0, 1, 3), (2, 1, 0)}
