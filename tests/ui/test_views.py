"""What the panes are sent, against the made-up values themselves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.made_up import Shape, dense_blocks, lengths, make_lake
from ui import map_view, neuron_view, views
from ui.api import Api
from ui.app import TABS
from ui.pack import pack, pack_ids, unpack
from ui.questions import QUESTIONS
from ui.rows import limit_option
from ui.tab import Tab

SHAPE = Shape()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("views"))


@pytest.fixture(scope="module")
def data(made: Lake) -> Iterator[Database]:
    database = Database(made)
    yield database
    database.close()


@pytest.fixture(scope="module")
def api(made: Lake) -> Iterator[Api]:
    api = Api(made, TABS)
    yield api
    api.close()


@pytest.fixture(scope="module")
def dense() -> np.ndarray[Any, Any]:
    """Activations [layer, neuron, prompt, position], NaN past a prompt's end."""
    found = np.full(
        (SHAPE.n_layers, SHAPE.n_neurons, SHAPE.n_prompts, SHAPE.n_tokens), np.nan, np.float32
    )
    for layer, first, values in dense_blocks(SHAPE):
        found[layer, first : first + len(values)] = values
    return found


def test_packed_arrays_come_back() -> None:
    for values, dtype in (([0, 255], "u1"), ([0, 256], "u2"), ([70_000], "u4")):
        packed = pack_ids(np.array(values))
        assert packed["dtype"] == dtype
        assert unpack(packed).tolist() == values
    assert unpack(pack(np.array([1.5, -2]), "f4")).tolist() == [1.5, -2]
    with pytest.raises(ValueError, match="don't fit u2"):
        pack(np.array([70_000]), "u2")


def test_a_prompt_holds_all_that_fired_strongest_first(
    data: Database, dense: np.ndarray[Any, Any]
) -> None:
    prompt = 3  # a shorter one
    sent = views.prompt(data, "tiny", prompt, SHAPE.n_layers)
    n = int(lengths(SHAPE)[prompt])
    assert len(sent["tokens"]) == n
    offsets = unpack(sent["fired"]["offsets"])
    neurons, activations = unpack(sent["fired"]["neuron"]), unpack(sent["fired"]["activation"])
    assert len(offsets) == n * SHAPE.n_layers + 1
    for position in range(n):
        for layer in range(SHAPE.n_layers):
            values = dense[layer, :, prompt, position]
            fired = np.flatnonzero(np.abs(values) >= sent["thresholds"][layer])
            fired = fired[np.argsort(-np.abs(values[fired]), kind="stable")]
            place = position * SHAPE.n_layers + layer
            here = slice(offsets[place], offsets[place + 1])
            assert neurons[here].tolist() == fired.tolist()
            assert np.array_equal(activations[here], values[fired])


def test_a_prompts_lens_is_that_of_the_table(data: Database) -> None:
    sent = views.prompt(data, "tiny", 1, SHAPE.n_layers)
    lens = sent["lens"]
    shape = (len(sent["tokens"]), SHAPE.n_layers)
    word = unpack(lens["word"]).reshape(*shape, lens["ranks"])
    probability = unpack(lens["probability"]).reshape(*shape, lens["ranks"])
    next_rank = unpack(lens["next_rank"]).reshape(shape)
    rows = data.cursor().execute("FROM logit_lens WHERE prompt_id = 1").fetchall()
    assert len(rows) == word.size
    for _, _, position, layer, rank, _, token, p, _, following in rows:
        assert lens["words"][word[position, layer, rank - 1]] == token
        assert probability[position, layer, rank - 1] == np.float32(p)
        assert next_rank[position, layer] == (following or 0)


def test_a_neuron_comes_with_its_prompts_and_weights(
    data: Database, dense: np.ndarray[Any, Any]
) -> None:
    prompt, layer, neuron = 2, 1, 4
    sent = neuron_view.neuron(data, "tiny", prompt, layer, neuron)
    threshold = sent["card"]["threshold"]
    values = np.where(np.abs(dense[layer, neuron]) >= threshold, dense[layer, neuron], 0)
    peaks = np.abs(values[:, 1:]).max(axis=1)
    order = [int(p) for p in np.argsort(-peaks, kind="stable") if peaks[p] > 0]
    assert [row["prompt_id"] for row in sent["top"]] == order[: neuron_view.TOP_PROMPTS]
    rest = set(order[neuron_view.SAMPLE_PROMPTS :])
    assert {row["prompt_id"] for row in sent["sample"]} <= rest
    n = len(sent["attention"]["activations"])
    given = [a or 0 for a in sent["attention"]["activations"]]
    assert np.array_equal(np.float32(given), values[prompt, :n])
    weights = unpack(sent["attention"]["weights"])
    rows = data.cursor().execute(
        "SELECT position, source_position, weight FROM attention "
        "WHERE prompt_id = $1 AND layer = $2",
        [prompt, layer],
    )
    table = {(p, s): w for p, s, w in rows.fetchall()}
    assert len(table) == len(weights)
    for (position, source), weight in table.items():
        assert weights[position * (position + 1) // 2 + source] == np.float32(weight)


def test_the_map_keeps_places_to_a_16_bit_grid(data: Database) -> None:
    for kind, macro in (("neurons", "neuron_points"), ("prompts", "prompt_points")):
        sent = map_view.points(data, "tiny", kind)
        found = data.cursor().execute(f"SELECT x, y, name FROM {macro}('tiny')").fetchall()
        x = sent["left"] + unpack(sent["x"]) / 65535 * sent["size"]
        y = sent["top"] + unpack(sent["y"]) / 65535 * sent["size"]
        assert np.abs(x - [f[0] for f in found]).max() <= sent["size"] / 65535
        assert np.abs(y - [f[1] for f in found]).max() <= sent["size"] / 65535
        prompt = unpack(sent["prompt"])
        names = sent["prompts"]["names"]
        assert [names[p] if p != map_view.NONE else None for p in prompt] == [f[2] for f in found]


def test_the_map_knows_its_clusters_labels(data: Database, half_lake: Lake) -> None:
    for kind in ("neuron", "prompt"):
        sent = map_view.points(data, "tiny", f"{kind}s")["labels"]
        held = data.cursor().execute(
            "SELECT cluster, label, countries FROM map_clusters WHERE model = 'tiny' AND kind = $1 "
            "ORDER BY n DESC, cluster",
            [kind],
        )
        wanted = sorted(held.fetchall())
        assert [(r["cluster"], r["label"], r["countries"]) for r in sent] == wanted
        assert len(sent) > 3
    assert map_view.labels(Database(half_lake), "tiny", "neurons") == []


def square(middle: float, half: float) -> list[tuple[float, float]]:
    low, high = middle - half, middle + half
    return [(low, low), (high, low), (high, high), (low, high)]


def test_a_lasso_holds_what_lies_in_it(data: Database) -> None:
    from matplotlib.path import Path as Figure

    points = data.cursor().execute("SELECT x, y, country FROM neuron_points('tiny')").fetchall()
    places = np.array([p[:2] for p in points])
    low, high = places.min(0), places.max(0)
    turns, reach = np.arange(10) * np.pi / 5, np.tile([0.5, 0.2], 5)
    star = np.stack([0.5 + reach * np.cos(turns), 0.5 + reach * np.sin(turns)], axis=1)
    crossed = [(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)]
    for figure in (star, crossed):
        outline = [tuple((low + (high - low) * np.array(corner)).tolist()) for corner in figure]
        wanted = int(Figure(outline).contains_points(places).sum())
        assert 0 < wanted < len(points)
        found = map_view.selection(data, "tiny", "neurons", outline)
        assert found["n"] == wanted
        asked = f"SELECT count(*) FROM neuron_points('tiny') WHERE {found['condition']}"
        assert data.cursor().execute(asked).fetchall() == [(wanted,)]


def test_a_box_of_the_map_is_summed_up(data: Database) -> None:
    everything = map_view.selection(data, "tiny", "neurons", square(0, 1e9))
    assert everything["n"] == SHAPE.n_layers * SHAPE.n_neurons
    assert [row["lift"] for row in everything["countries"]] == pytest.approx(
        [1.0] * len(everything["countries"])
    )
    nothing = map_view.selection(data, "tiny", "neurons", square(3e9, 1e9))
    assert (nothing["n"], nothing["countries"], nothing["words"]) == (0, [], [])


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("prompt", {"model": "nobody", "prompt": 0}, "no atlas 'nobody'"),
        ("prompt", {"model": "tiny", "prompt": 999}, "no prompt 999"),
        ("prompt", {"model": "tiny", "prompt": "0; DROP"}, "whole number"),
        ("prompt", {"model": "tiny", "prompt": True}, "whole number"),
        ("neuron", {"model": "tiny", "prompt": 0, "layer": 3, "neuron": 0}, "from 0 to 2"),
        ("points", {"model": "tiny", "kind": "x"}, "one of neurons, prompts"),
        (
            "selection",
            {"model": "tiny", "kind": "neurons", "outline": [[1, 2]]},
            "pairs of numbers",
        ),
        (
            "selection",
            {"model": "tiny", "kind": "neurons", "outline": [[1, 2], [3, 4], [5, float("inf")]]},
            "pairs of numbers",
        ),
        ("search", {"model": "tiny", "text": 5, "offset": 0, "limit": 1}, "must be a text"),
        ("points", ["tiny"], "one of neurons, prompts"),
    ],
)
def test_what_a_browser_sends_is_checked(
    api: Api, name: str, arguments: object, words: str
) -> None:
    assert words in json.loads(api.ask(name, arguments))["error"]


def test_a_tab_brings_its_own_questions(made: Lake) -> None:
    tab = Tab("x", "X", "", (), questions={"said": lambda _, given: {"said": given.text("words")}})
    api = Api(made, [*TABS, tab])
    assert "said" in [f.__name__ for f in api.functions()]
    assert json.loads(api.ask("said", {"words": "so"})) == {"said": "so"}
    api.close()


def test_answers_hold_no_markup(api: Api) -> None:
    answer = api.ask("search", {"model": "tiny", "text": "script", "offset": 0, "limit": 9})
    assert "<" not in answer
    assert any("<script>" in row["name"] for row in json.loads(answer)["rows"])


def test_search_answers_as_its_macro_does(data: Database) -> None:
    names = (
        data.cursor().execute("SELECT name, country, text FROM atlas_prompts('tiny')").fetchall()
    )
    words = {"", " ", "a", "sao paulo", "no such", "'"} | {
        n[i : i + 4] for n, *_ in names for i in (0, 2)
    }
    words |= {country for _, country, _ in names} | {text[20:32].upper() for *_, text in names}
    for word in words:
        wanted = (
            data.cursor()
            .execute(
                "SELECT c.prompt_id FROM search_cities($1) AS c "
                "WHERE c.prompt_id IN (SELECT prompt_id FROM tokens WHERE model = 'tiny') "
                "ORDER BY c.score DESC, c.population DESC NULLS LAST, c.prompt_id",
                [word],
            )
            .fetchall()
        )
        found = views.search(data, "tiny", word, 0, 500)
        assert [(row["prompt_id"],) for row in found["rows"]] == wanted, word
        assert found["total"] == len(wanted)


def test_search_sees_a_new_corpus(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    database = Database(lake)
    assert views.search(database, "tiny", "kabul", 0, 9)["total"] < SHAPE.n_prompts
    (corpus,) = lake.partitions("corpus")
    cities = lake.read(corpus, "cities")
    place = cities.schema.get_field_index("name")
    named = cities.set_column(place, cities.schema.field(place), [["Kabul"] * len(cities)])
    lake.write(corpus, "cities", named, "others")
    database.refresh()
    assert views.search(database, "tiny", "kabul", 0, 9)["total"] == SHAPE.n_prompts
    database.close()


def test_search_pages_add_up(data: Database) -> None:
    whole = views.search(data, "tiny", "", 0, 500)
    assert whole["total"] == len(whole["rows"]) == SHAPE.n_prompts
    pages = [views.search(data, "tiny", "", offset, 5)["rows"] for offset in (0, 5, 10)]
    assert [row for page in pages for row in page] == whole["rows"]


def test_a_missing_prompt_is_an_error(data: Database) -> None:
    with pytest.raises(KnError, match="no prompt 4000"):
        views.prompt(data, "tiny", 4000, SHAPE.n_layers)


def test_an_atlas_is_there_before_its_last_tables_are(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    (atlas,) = lake.partitions("model")
    for name in ("atlases", "neurons"):
        lake.remove(atlas, name)
    database = Database(lake)
    (found,) = views.atlases(database)["atlases"]
    assert (found["n_prompts"], found["n_layers"]) == (SHAPE.n_prompts, SHAPE.n_layers)
    assert 0 < found["n_neurons"] <= SHAPE.n_neurons
    assert views.search(database, "tiny", "", 0, 500)["total"] == SHAPE.n_prompts
    shutil.rmtree(tmp_path / "corpus")
    database.refresh()
    listed = views.search(database, "tiny", "", 0, 500)
    assert listed["total"] == SHAPE.n_prompts
    assert "`cities` and `prompts`" in listed["missing"]
    database.close()


def test_help_names_every_question_and_macro(api: Api) -> None:
    found = json.loads(api.ask("sql_help", {"model": "tiny"}))
    assert len(found["examples"]) == len(QUESTIONS)
    calls = {row["call"] for row in found["relations"]}
    assert "heatmap(model, prompt)" in calls
    assert "activations" in calls
    assert all(row["meaning"] for row in found["relations"])


def test_a_command_about_an_atlas_keeps_its_limit(tmp_path: Path) -> None:

    lake = make_lake(tmp_path, "tiny", n_prompts=3)
    where = lake.partitions("model")[0]
    database = Database(lake)
    database.refresh()
    assert limit_option(database, "tiny") == ""
    row = lake.read(where, "atlases").to_pylist()[0]
    row["settings"] = '{"limit": 600}'
    schema = lake.read(where, "atlases").schema
    lake.write(where, "atlases", pa.Table.from_pylist([row], schema=schema), "again")
    database.refresh()
    assert limit_option(database, "tiny") == " --limit 600"
