"""What neurons of a circuit promote, in answers and on the page."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from tests.made import add_circuits, make_lake
from tests.ui.asking import opened
from tests.ui.screen import Screen
from ui.circuit import promoted, view

FACT = 40  # the currency of Japan


@pytest.fixture
def words(told: Lake) -> dict[tuple[int, int, int], list[str]]:
    """Tokens by layer, neuron and sign, in order."""
    found: dict[tuple[int, int, int], list[Any]] = defaultdict(list)
    for row in told.read(lakes.model("tiny"), promoted.TABLE).to_pylist():
        found[row["layer"], row["neuron"], row["sign"]].append((row["rank"], row["token"]))
    return {key: [token for _, token in sorted(pairs)] for key, pairs in found.items()}


def test_each_neuron_once_and_no_head(
    data: Database, words: dict[tuple[int, int, int], list[str]]
) -> None:
    answer = promoted.promoted(data, "tiny", "n2.7.4,h1.0.4,n0.3.1,n2.7.5")
    assert [(row["layer"], row["neuron"]) for row in answer["neurons"]] == [(0, 3), (2, 7)]
    for row in answer["neurons"]:
        assert row["promoted"] == words[row["layer"], row["neuron"], 1]
        assert row["suppressed"] == words[row["layer"], row["neuron"], -1]
    assert promoted.promoted(data, "tiny", "h1.0.4") == {"neurons": [], "common": []}
    with pytest.raises(KnError, match="nodes must be"):
        promoted.promoted(data, "tiny", "n2.7")


def test_tokens_of_many_neurons_are_told(
    told: Lake, data: Database, words: dict[tuple[int, int, int], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    counts: dict[str, int] = defaultdict(int)
    for tokens in words.values():
        for token in tokens:
            counts[token] += 1
    own = {*words[2, 7, 1], *words[2, 7, -1]}
    most = sorted(counts[token] for token in own)[len(own) // 2]
    n = 4 * 30  # neurons
    monkeypatch.setattr(promoted, "COMMON", most / n)
    assert promoted.promoted(data, "tiny", "n2.7.4")["common"] == [], "few neurons"
    monkeypatch.setattr(promoted, "FEW", 0)
    found = promoted.promoted(data, "tiny", "n2.7.4")["common"]
    assert found == sorted(token for token in own if counts[token] > most)
    assert found


def test_the_macro_has_the_neurons_of_a_circuit(
    told: Lake, data: Database, words: dict[tuple[int, int, int], list[str]]
) -> None:
    units = told.read(lakes.model("tiny"), "circuit_units").to_pylist()
    first: dict[tuple[int, int], int] = {}
    for row in units:
        if (row["fact_id"], row["circuit"], row["kind"]) == (FACT, "all", "neuron"):
            key = row["layer"], row["unit"]
            first[key] = min(row["rank"], first.get(key, row["rank"]))
    got = data.cursor().execute(f"FROM circuit_vocabulary('tiny', {FACT})").fetchall()
    assert got == sorted(
        (rank, *key, words[*key, 1], words[*key, -1]) for key, rank in first.items()
    )


def test_where_the_table_is_not_there_that_is_said(tmp_path: Path) -> None:
    make_lake(tmp_path, "tiny", n_prompts=8, n_layers=3, n_neurons=12)
    lake = add_circuits(tmp_path)
    lake.remove(lakes.model("tiny"), promoted.TABLE)
    for database in opened(lake):
        answer = promoted.promoted(database, "tiny", "n1.2.3")
        assert answer["neurons"] == []
        assert promoted.TABLE in answer["missing"]


@pytest.mark.browser
def test_units_stand_in_groups_of_neurons_that_promote_the_same(
    page: Screen, data: Database, words: dict[tuple[int, int, int], list[str]]
) -> None:
    page.open(model="tiny", tab="circuit", fact=FACT)
    page.until("document.querySelector('.kn-circuit-units .kn-promotes')")
    table = page.page.get_by_role("region", name="The strongest units")
    first = view.circuit(data, "tiny", FACT, "all")["listed"][0]
    shown = words[first["layer"], first["unit"], 1][:3]
    chips = table.locator(".kn-promotes").first.locator(".kn-chip").all_inner_texts()
    assert [chip.strip("␣") for chip in chips] == [token.strip() for token in shown]
    page.page.get_by_role("button", name="by what they promote").click()
    group = table.locator("tbody").filter(has=page.page.locator(".kn-group button")).first
    named = group.locator(".kn-group bdi").all_inner_texts()
    rows = group.locator("tr[data-node]")
    nodes = [str(node.get_attribute("data-node")) for node in rows.all()]
    of = {
        (layer, neuron): {
            token.strip().lower() for sign in (1, -1) for token in words[layer, neuron, sign]
        }
        for layer, neuron, _ in (map(int, node[1:].split(".")) for node in nodes)
    }
    assert len(of) > 1
    for one, own in of.items():
        assert max(len(own & others) for other, others in of.items() if other != one) >= 2
    for name in named:
        assert sum(name.strip("“”") in own for own in of.values()) >= 2
    group.get_by_role("button", name="choose them").click()
    chosen = page.page.get_by_role("region", name="Change several units").get_by_role("status")
    assert chosen.first.inner_text() == f"{len(nodes)} units chosen."
