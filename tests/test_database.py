"""The views and macros against values computed here from the tables' Arrow, without SQL."""

import subprocess
import sys
import unicodedata
from collections import defaultdict

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from kn_assets import database, lake
from kn_assets.lake import Lake
from kn_assets.made_up import add_training
from kn_assets.schema import TABLES
from tests.synthetic import Shape, city_of, dense_blocks, lengths, make_lake

MODEL, SIZE = "tiny", Shape(seed=3)
LAYER, NEURON, PROMPT = 1, 11, 3


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    made = make_lake(root, model=MODEL, seed=SIZE.seed)
    add_training(root, model=MODEL, seed=SIZE.seed + 3)
    # A second atlas and a second corpus: whatever forgets to name the model shows.
    make_lake(root, model="other@step10", seed=SIZE.seed + 1, n_layers=2)
    make_lake(root, model="third", corpus="elsewhere", seed=SIZE.seed + 2, n_prompts=4)
    return made


@pytest.fixture(scope="module")
def connection(atlas):
    with database.connect(atlas) as opened:
        yield opened


def ask(connection, sql):
    """Rows as dicts."""
    return connection.cursor().sql(sql).to_arrow_table().to_pylist()


def rows(atlas, name, key=MODEL, **where):
    """The rows of a table's files, filtered here."""
    kind = TABLES[name].kind
    found = atlas.read(lake.Partition(kind, key), name).to_pylist()
    return [r for r in found if all(r[k] == v for k, v in where.items())]


def cities_of_prompts(atlas, key="made"):
    by_id = {c["city_id"]: c for c in rows(atlas, "cities", key)}
    return {p["prompt_id"]: by_id[p["city_id"]] for p in rows(atlas, "prompts", key)}


def dense():
    """The made-up activations, [layer, neuron, prompt, position], NaN past a prompt's end."""
    whole = np.zeros((SIZE.n_layers, SIZE.n_neurons, SIZE.n_prompts, SIZE.n_tokens), np.float32)
    for layer, first, values in dense_blocks(SIZE):
        whole[layer, first : first + len(values)] = values
    return whole


# -- the made-up atlas itself, on which everything else leans --


def test_made_up_activations_are_those_over_the_threshold_in_both_orders(atlas):
    threshold = {r["layer"]: r["threshold"] for r in rows(atlas, "thresholds")}
    expected = {
        (p, t, layer, n): a
        for (layer, n, p, t), a in np.ndenumerate(dense())
        if abs(a) >= threshold[layer]
    }
    by_prompt = [
        (r["prompt_id"], r["position"], r["layer"], r["neuron"]) for r in rows(atlas, "activations")
    ]
    by_neuron = [
        (r["layer"], r["neuron"], r["prompt_id"], r["position"])
        for r in rows(atlas, "activations_by_neuron")
    ]
    assert by_prompt == sorted(expected)
    assert by_neuron == sorted((la, n, p, t) for p, t, la, n in expected)
    for r in rows(atlas, "activations"):
        assert r["activation"] == expected[r["prompt_id"], r["position"], r["layer"], r["neuron"]]
    share = len(expected) / np.isfinite(dense()).sum()
    assert share == pytest.approx(SIZE.density, abs=0.02)


def test_made_up_statistics_leave_out_position_0(atlas):
    values = dense()[:, :, :, 1:]
    for r in rows(atlas, "neurons"):
        mine = values[r["layer"], r["neuron"]]
        kept = mine[np.isfinite(mine)].astype(np.float64)
        assert r["mean"] == pytest.approx(kept.mean())
        assert r["std"] == pytest.approx(kept.std())
        assert (r["min"], r["max"]) == (kept.min(), kept.max())
        p, t = r["top_prompt_id"], r["top_position"]
        assert r["top_activation"] == mine[p, t - 1]
        assert abs(r["top_activation"]) == np.abs(kept).max()


def test_made_up_top_tokens_and_peaks_are_the_greatest(atlas):
    values = dense()
    for layer in range(SIZE.n_layers):
        mine = values[layer, NEURON, :, 1:]
        order = sorted((-a, p, t + 1) for (p, t), a in np.ndenumerate(mine) if np.isfinite(a))
        found = rows(atlas, "neuron_top", layer=layer, neuron=NEURON, sign=1)
        assert [(-r["activation"], r["prompt_id"], r["position"]) for r in found] == order[
            : SIZE.top
        ]
        order = sorted((a, p, t) for a, p, t in ((-a, p, t) for a, p, t in order))
        found = rows(atlas, "neuron_top", layer=layer, neuron=NEURON, sign=-1)
        assert [(r["activation"], r["prompt_id"], r["position"]) for r in found] == order[
            : SIZE.top
        ]
    threshold = {r["layer"]: r["threshold"] for r in rows(atlas, "thresholds")}
    expected = {}
    for (layer, n, p, t), a in np.ndenumerate(values):
        if t and abs(a) >= threshold[layer]:
            best = expected.get((layer, n, p))
            if best is None or abs(a) > abs(best):
                expected[layer, n, p] = a
    found = {(r["layer"], r["neuron"], r["prompt_id"]): r for r in rows(atlas, "neuron_peaks")}
    assert {k: r["activation"] for k, r in found.items()} == expected


def test_made_up_attention_sums_to_one_and_looks_back(atlas):
    total = defaultdict(float)
    for r in rows(atlas, "attention"):
        assert r["source_position"] <= r["position"]
        total[r["prompt_id"], r["layer"], r["position"]] += r["weight"]
    assert len(total) == lengths(SIZE).sum() * SIZE.n_layers
    assert list(total.values()) == pytest.approx([1.0] * len(total), abs=1e-5)


def test_made_up_lens_agrees_with_the_tokens(atlas):
    token = {(r["prompt_id"], r["position"]): r["token_id"] for r in rows(atlas, "tokens")}
    grouped = defaultdict(list)
    for r in rows(atlas, "logit_lens"):
        grouped[r["prompt_id"], r["position"], r["layer"]].append(r)
    assert len(grouped) == len(token) * SIZE.n_layers
    seen = set()
    for (p, t, _), five in grouped.items():
        assert [r["rank"] for r in five] == [1, 2, 3, 4, 5]
        assert len({r["token_id"] for r in five}) == 5
        chances = [r["probability"] for r in five]
        assert chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 1
        following, first = token.get((p, t + 1)), five[0]
        if following is None:
            assert first["next_rank"] is None and first["next_probability"] is None
            continue
        named = {r["token_id"]: r for r in five}
        seen.add(following in named)
        if following in named:
            assert named[following]["rank"] == first["next_rank"]
            assert named[following]["probability"] == first["next_probability"]
        else:
            assert first["next_rank"] > 5 and first["next_probability"] <= chances[-1]
    assert seen == {True, False}


# -- views --


@pytest.mark.parametrize("name", TABLES)
def test_a_view_holds_its_table_with_the_partition(atlas, connection, name):
    kind = TABLES[name].kind
    columns = TABLES[name].names
    columns = [kind, *columns] if kind == "model" else [*columns, kind]
    got = connection.cursor().sql(f"FROM {name}").to_arrow_table()
    assert got.column_names == columns
    expected = sum(len(rows(atlas, name, p.key)) for p in atlas.partitions(kind))
    assert got.num_rows == expected
    assert set(got[kind].to_pylist()) == {p.key for p in atlas.partitions(kind)}


def test_an_empty_lake_has_the_same_views_and_macros_without_rows(tmp_path, connection):
    with database.connect(Lake(tmp_path / "nothing")) as empty:
        for name in TABLES:
            none = empty.cursor().sql(f"FROM {name}")
            some = connection.cursor().sql(f"FROM {name}")
            assert (none.columns, none.types) == (some.columns, some.types)
            assert none.fetchall() == []
        for macro in database.macros():
            got = empty.cursor().sql(f"FROM {macro.name}({arguments(macro)})").fetchall()
            assert got in ([], [(0,)]), macro.name


VALUES = {
    "model": "'tiny'",
    "prompt": str(PROMPT),
    "layer": str(LAYER),
    "neuron": str(NEURON),
    "k": "4",
    "text": "'tokyo'",
    "country": "'Japan'",
    "token": "'tokyo'",
    "attribute": "'continent'",
    "value": "'Asia'",
    "fact": "0",
    "relation": "'all'",
    "step": "64",
    "kind": "'neuron'",
    "n_top": "3",
    "n_sample": "2",
    "corners": "[[-90, -90], [90, -90], [90, 90], [-90, 90]]",
}


def arguments(macro):
    return ", ".join(VALUES[p] for p in macro.parameters if ":=" not in p)


def test_every_macro_answers_and_says_what_it_is(connection):
    (held,) = ask(
        connection, "SELECT layer, neuron FROM knowledge_neurons WHERE model = 'tiny' LIMIT 1"
    )
    of = {
        "neuron_facts": "'tiny', {layer}, {neuron}".format(**held),
        "search_concepts": "'tiny', 'ASI', 3",
        "search_texts": "'tiny', 'the'",
    }
    for macro in database.macros():
        given = of.get(macro.name) or arguments(macro)
        assert ask(connection, f"FROM {macro.name}({given})"), macro.name
        assert macro.meaning.endswith("."), macro.name


def test_the_database_file_opens_anywhere_and_tells_meanings(atlas, tmp_path):
    path = database.build(atlas)
    assert path == atlas.database and not list(path.parent.glob(".kn.duckdb*"))
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
        "print(len(c.sql(\"FROM heatmap('tiny', 3)\").fetchall()))"
    )
    out = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", code, str(path)], cwd=tmp_path, capture_output=True, text=True
    )
    assert out.stdout.strip() == str(len(rows(atlas, "activations", prompt_id=3))), out.stderr
    with duckdb.connect(str(path), read_only=True) as opened:
        said = opened.sql("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal")
        said = {k: v for k, v in said.fetchall() if v}
        assert said["neurons"] == TABLES["neurons"].meaning
        sql = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'neurons'"
        columns = dict(opened.sql(sql + " AND schema_name = 'main'").fetchall())
        assert columns["firing_rate"] == "n_fired over the number of tokens"


def test_building_again_leaves_an_opened_file_alone(atlas):
    path = database.build(atlas)
    with duckdb.connect(str(path), read_only=True) as opened:
        database.build(atlas)
        assert opened.sql("SELECT count(*) FROM atlases").fetchall() == [(7,)]


def test_a_running_database_notices_new_tables(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "LOOK_AGAIN_S", 0)
    running = database.Database(Lake(tmp_path))
    before = running.stamp
    with running.cursor() as cursor:
        assert cursor.sql("FROM atlases").fetchall() == []
    make_lake(tmp_path, model="late")
    with running.cursor() as cursor:
        assert cursor.sql("SELECT model FROM atlases").fetchall() == [("late",)]
    assert running.stamp != before
    # One more model needs no new view: the pattern finds it.
    make_lake(tmp_path, model="later", n_layers=2)
    with running.cursor() as cursor:
        found = cursor.sql("SELECT model FROM atlases ORDER BY model").fetchall()
    assert found == [("late",), ("later",)]
    Lake(tmp_path).remove(lake.model("late"), "neuron_map")
    Lake(tmp_path).remove(lake.model("later"), "neuron_map")
    with running.cursor() as cursor:
        assert cursor.sql("FROM neuron_map").fetchall() == []
    running.close()


def test_columns_that_an_older_version_did_not_write_are_null(tmp_path):
    old = make_lake(tmp_path, model="old")
    where = lake.model("old")
    (file,) = old.files(where, "neuron_map")
    pq.write_table(
        pq.read_table(file, partitioning=None).select(["layer", "neuron", "x", "y"]), file
    )
    with database.connect(old) as opened:
        got = opened.sql("FROM neuron_map ORDER BY layer, neuron").to_arrow_table()
        assert got.column_names == ["model", *TABLES["neuron_map"].names]
        assert got["cluster"].null_count == got.num_rows == 120
        assert got["x"].null_count == 0 and set(got["model"].to_pylist()) == {"old"}
        assert len(opened.sql("FROM heatmap('old', 0)").fetchall()) > 0


def test_opening_needs_neither_torch_nor_dagster_nor_gradio(atlas):
    code = (
        "import sys; from kn_assets import database; from kn_assets.lake import Lake;"
        "database.connect(Lake(sys.argv[1])).close();"
        "print({'torch', 'dagster', 'gradio', 'pandas'} & sys.modules.keys())"
    )
    out = subprocess.run(  # noqa: PLW1510
        [sys.executable, "-c", code, str(atlas.root)], capture_output=True, text=True
    )
    assert out.stdout.strip() == "set()", out.stderr


# -- macros --


def test_heatmap(atlas, connection):
    words = {r["position"]: r["token"] for r in rows(atlas, "tokens", prompt_id=PROMPT)}
    expected = sorted(
        (r["position"], r["layer"], -abs(r["activation"]), r["neuron"], r["activation"])
        for r in rows(atlas, "activations", prompt_id=PROMPT)
    )
    got = ask(connection, f"FROM heatmap('{MODEL}', {PROMPT})")
    assert list(got[0]) == ["position", "token", "layer", "neuron", "activation"]
    assert [
        (r["position"], r["layer"], -abs(r["activation"]), r["neuron"], r["activation"])
        for r in got
    ] == expected
    assert all(r["token"] == words[r["position"]] for r in got)


def test_lens(atlas, connection):
    expected = rows(atlas, "logit_lens", prompt_id=PROMPT)
    for r in expected:
        del r["prompt_id"]
    assert ask(connection, f"FROM lens('{MODEL}', {PROMPT})") == expected
    assert expected


def peaks_by_strength(atlas, layer, neuron):
    found = rows(atlas, "neuron_peaks", layer=layer, neuron=neuron)
    return sorted(found, key=lambda r: (-abs(r["activation"]), r["prompt_id"]))


def check_prompt_row(atlas, row, layer, neuron):
    """Tokens, activations and city of a row of neuron_prompts or neuron_sample."""
    tokens = rows(atlas, "tokens", prompt_id=row["prompt_id"])
    assert row["tokens"] == [t["token"] for t in tokens]
    fired = {
        r["position"]: r["activation"]
        for r in rows(atlas, "activations", prompt_id=row["prompt_id"], layer=layer, neuron=neuron)
    }
    assert row["activations"] == [fired.get(i) for i in range(len(tokens))]
    city = cities_of_prompts(atlas)[row["prompt_id"]]
    assert (row["name"], row["country"]) == (city["name"], city["country"])


@pytest.mark.parametrize(("layer", "neuron"), [(1, 11), (0, 1), (2, 39)])
def test_neuron_prompts(atlas, connection, layer, neuron):
    ranked = peaks_by_strength(atlas, layer, neuron)
    for k in (4, 1000):
        got = ask(connection, f"FROM neuron_prompts('{MODEL}', {layer}, {neuron}, {k})")
        assert [(r["rank"], r["prompt_id"], r["peak_position"], r["peak"]) for r in got] == [
            (i + 1, r["prompt_id"], r["position"], r["activation"])
            for i, r in enumerate(ranked[:k])
        ]
        for r in got:
            check_prompt_row(atlas, r, layer, neuron)
    assert ranked


def busiest(atlas):
    counts = defaultdict(int)
    for r in rows(atlas, "neuron_peaks"):
        counts[r["layer"], r["neuron"]] += 1
    return max(counts, key=counts.get)


def test_neuron_sample_draws_below_the_top_and_the_same_again(atlas, connection):
    layer, neuron = busiest(atlas)
    ranked = peaks_by_strength(atlas, layer, neuron)
    assert len(ranked) >= 8
    drawn = set()
    for seed in range(6):
        sql = f"FROM neuron_sample('{MODEL}', {layer}, {neuron}, 3, seed := {seed})"
        got = ask(connection, sql)
        assert got == ask(connection, sql)
        assert len(got) == 3
        for r in got:
            assert r["rank"] > 3 and ranked[r["rank"] - 1]["prompt_id"] == r["prompt_id"]
            assert ranked[r["rank"] - 1]["activation"] == r["peak"]
            check_prompt_row(atlas, r, layer, neuron)
        assert [r["rank"] for r in got] == sorted(r["rank"] for r in got)
        drawn.add(tuple(r["rank"] for r in got))
    assert len(drawn) > 1
    everything = ask(connection, f"FROM neuron_sample('{MODEL}', {layer}, {neuron}, {len(ranked)})")
    assert everything == []


def test_attention_weighted(atlas, connection):
    words = {r["position"]: r["token"] for r in rows(atlas, "tokens", prompt_id=PROMPT)}
    fired = {
        r["position"]: r["activation"]
        for r in rows(atlas, "activations", prompt_id=PROMPT, layer=LAYER, neuron=NEURON)
    }
    expected = [
        {
            "position": r["position"],
            "source_position": r["source_position"],
            "source_token": words[r["source_position"]],
            "attention": r["weight"],
            "activation": fired.get(r["source_position"], 0.0),
            "weight": float(
                np.float32(r["weight"]) * np.float32(fired.get(r["source_position"], 0))
            ),
        }
        for r in rows(atlas, "attention", prompt_id=PROMPT, layer=LAYER)
    ]
    sql = f"FROM attention_weighted('{MODEL}', {PROMPT}, {LAYER}, {NEURON})"
    assert ask(connection, sql) == expected
    assert fired and len(fired) < len(words)


def test_neuron_card(atlas, connection):
    (card,) = ask(connection, f"FROM neuron_card('{MODEL}', {LAYER}, {NEURON})")
    (facts,) = rows(atlas, "neurons", layer=LAYER, neuron=NEURON)
    assert facts.items() <= card.items()
    city = cities_of_prompts(atlas)[facts["top_prompt_id"]]
    assert (card["top_name"], card["top_country"]) == (city["name"], city["country"])
    assert card["n_prompts"] == len(peaks_by_strength(atlas, LAYER, NEURON))
    assert card["threshold"] == rows(atlas, "thresholds", layer=LAYER)[0]["threshold"]
    for sign, words, scores in (
        (1, "promoted", "promoted_scores"),
        (-1, "suppressed", "suppressed_scores"),
    ):
        found = rows(atlas, "neuron_vocabulary", layer=LAYER, neuron=NEURON, sign=sign)
        assert card[words] == [r["token"] for r in found]
        assert card[scores] == [r["score"] for r in found]


def test_atlas_prompts_are_those_of_the_atlas_alone(atlas, connection):
    city = cities_of_prompts(atlas)
    text = {r["prompt_id"]: r["text"] for r in rows(atlas, "prompts", "made")}
    got = ask(connection, f"FROM atlas_prompts('{MODEL}')")
    assert [r["prompt_id"] for r in got] == list(range(SIZE.n_prompts))
    assert len(text) > SIZE.n_prompts
    for r in got:
        c = city[r["prompt_id"]]
        assert (r["name"], r["country"], r["population"], r["text"]) == (
            c["name"],
            c["country"],
            c["population"],
            text[r["prompt_id"]],
        )
    assert c["name"] == rows(atlas, "cities", "made")[city_of(SIZE)[SIZE.n_prompts - 1]]["name"]


def test_model_info(atlas, connection):
    (info,) = ask(connection, f"FROM model_info('{MODEL}')")
    (made,) = rows(atlas, "atlases")
    assert {k: v for k, v in made.items() if k != "created_at"}.items() <= info.items()
    assert info["n_tokens"] == lengths(SIZE).sum()
    assert info["n_fired"] == len(rows(atlas, "activations"))
    assert info["thresholds"] == [r["threshold"] for r in rows(atlas, "thresholds")]


def test_maps(atlas, connection):
    city = cities_of_prompts(atlas)
    facts = {(r["layer"], r["neuron"]): r for r in rows(atlas, "neurons")}
    got = ask(connection, f"FROM neuron_points('{MODEL}')")
    placed = rows(atlas, "neuron_map")
    assert [(r["layer"], r["neuron"], r["x"], r["y"], r["cluster"]) for r in got] == [
        (r["layer"], r["neuron"], r["x"], r["y"], r["cluster"]) for r in placed
    ]
    for r in got:
        fact = facts[r["layer"], r["neuron"]]
        c = city[fact["top_prompt_id"]]
        assert r["firing_rate"] == fact["firing_rate"]
        assert (r["name"], r["country"], r["continent"]) == (
            c["name"],
            c["country"],
            c["continent"],
        )
    got = ask(connection, f"FROM prompt_points('{MODEL}')")
    assert [(r["prompt_id"], r["x"], r["y"], r["name"]) for r in got] == [
        (r["prompt_id"], r["x"], r["y"], city[r["prompt_id"]]["name"])
        for r in rows(atlas, "prompt_map")
    ]


def test_labels_of_maps(atlas, connection):
    held = rows(atlas, "map_clusters")
    for kind in ("neuron", "prompt"):
        got = ask(connection, f"FROM map_labels('{MODEL}', '{kind}')")
        wanted = [{k: v for k, v in r.items() if k != "kind"} for r in held if r["kind"] == kind]
        assert got == wanted
        assert len(got) > 3


def test_summaries_of_layers(atlas, connection):
    got = ask(connection, f"FROM layer_summary('{MODEL}')")
    assert [r["layer"] for r in got] == list(range(SIZE.n_layers))
    for r in got:
        mine = rows(atlas, "neurons", layer=r["layer"])
        assert r["n_neurons"] == len(mine) == SIZE.n_neurons
        assert r["n_fired"] == sum(n["n_fired"] for n in mine)
        assert r["firing_rate"] == pytest.approx(np.mean([n["firing_rate"] for n in mine]))
        assert r["n_silent"] == sum(n["n_fired"] == 0 for n in mine)
    got = ask(connection, f"FROM lens_by_layer('{MODEL}')")
    for r in got:
        mine = [
            x
            for x in rows(atlas, "logit_lens", layer=r["layer"], rank=1)
            if x["next_rank"] is not None
        ]
        assert r["n_tokens"] == len(mine) == lengths(SIZE).sum() - SIZE.n_prompts
        assert r["next_probability"] == pytest.approx(
            np.mean([x["next_probability"] for x in mine])
        )
        assert r["median_next_rank"] == np.median([x["next_rank"] for x in mine])
        assert r["share_first"] == pytest.approx(np.mean([x["next_rank"] == 1 for x in mine]))
        assert r["share_in_five"] == pytest.approx(np.mean([x["next_rank"] <= 5 for x in mine]))


def test_prompt_neurons(atlas, connection):
    facts = {(r["layer"], r["neuron"]): r for r in rows(atlas, "neurons")}
    expected = [
        (r["layer"], r["neuron"], r["activation"], r["position"])
        for r in rows(atlas, "neuron_peaks", prompt_id=PROMPT)
    ]
    scored = {
        key[:2]: (key[2] - facts[key[:2]]["mean"]) / facts[key[:2]]["std"] for key in expected
    }
    got = ask(connection, f"FROM prompt_neurons('{MODEL}', {PROMPT}, 1000)")
    assert sorted((r["layer"], r["neuron"], r["peak"], r["peak_position"]) for r in got) == sorted(
        expected
    )
    assert [r["z"] for r in got] == pytest.approx(sorted(scored.values(), key=abs, reverse=True))
    assert got[:3] == ask(connection, f"FROM prompt_neurons('{MODEL}', {PROMPT}, 3)")


@pytest.mark.parametrize("country", ["japan", "JP"])
def test_neurons_for_country(atlas, connection, country):
    city = cities_of_prompts(atlas)
    inside = {p for p in range(SIZE.n_prompts) if city[p]["country"] == "Japan"}
    n_in, n_out = len(inside), SIZE.n_prompts - len(inside)
    fired = defaultdict(lambda: [0, 0])
    for r in rows(atlas, "neuron_peaks"):
        fired[r["layer"], r["neuron"]][r["prompt_id"] not in inside] += 1
    expected = {}
    for key, (a, b) in fired.items():
        pooled = (a + b) / (n_in + n_out)
        spread = pooled * (1 - pooled) * (1 / n_in + 1 / n_out)
        if a and spread:
            expected[key] = (a / n_in - b / n_out) / spread**0.5
    got = ask(connection, f"FROM neurons_for_country('{MODEL}', '{country}', 7)")
    assert [r["z"] for r in got] == pytest.approx(sorted(expected.values(), reverse=True)[:7])
    for r in got:
        a, b = fired[r["layer"], r["neuron"]]
        assert (r["n_prompts"], r["n_fired"]) == (n_in, a)
        assert (r["share"], r["share_elsewhere"]) == pytest.approx((a / n_in, b / n_out))
        assert expected[r["layer"], r["neuron"]] == pytest.approx(r["z"])


def test_neurons_for_token_ignores_case_and_spaces(atlas, connection):
    found = [
        r for r in rows(atlas, "neuron_vocabulary", sign=1) if r["token"].strip().lower() == "tokyo"
    ]
    found.sort(key=lambda r: (r["rank"], -r["score"], r["layer"], r["neuron"]))
    got = ask(connection, f"FROM neurons_for_token('{MODEL}', 'TOKYO ', 5)")
    assert [(r["layer"], r["neuron"], r["rank"]) for r in got] == [
        (r["layer"], r["neuron"], r["rank"]) for r in found[:5]
    ]
    assert len(found) > 5


def test_neuron_countries(atlas, connection):
    city = cities_of_prompts(atlas)
    counts = defaultdict(int)
    for r in peaks_by_strength(atlas, LAYER, NEURON):
        counts[city[r["prompt_id"]]["country"]] += 1
    got = ask(connection, f"FROM neuron_countries('{MODEL}', {LAYER}, {NEURON})")
    assert {r["country"]: r["n_prompts"] for r in got} == counts
    assert [r["n_prompts"] for r in got] == sorted(counts.values(), reverse=True)


# -- search --


def found(connection, text):
    sql = "SELECT name, score, prompt_id FROM search_cities(?) WHERE corpus = 'made'"
    return connection.cursor().sql(sql, params=[text]).fetchall()


@pytest.mark.parametrize("text", ["sao paulo", "São Paulo", "  SAO PAULO ", "São paulo"])
def test_search_ignores_case_and_accents(connection, text):
    names = [name for name, *_ in found(connection, text)]
    assert names[0] == "São Paulo"


@pytest.mark.parametrize(
    ("text", "name", "score"),
    [
        ("tokyo", "Tokyo", 6),
        ("toky", "Tokyo", 5),
        ("okyo", "Tokyo", 4),
        ("lodz", "Łódź", 6),
        ("herat", "هرات", 3),
        ("هرات", "هرات", 6),
        ("edo", "Tokyo", 3),
        ("東京", "Tokyo", 3),
        ("afghan", "Kabul", 2),
        ("cote d'ivoire", "<script>alert('Abidjan')</script>", 2),
        ("<script>", "<script>alert('Abidjan')</script>", 5),
        ("zielona gora", "Z̷ielo̊na Go\u0301ra", 6),
    ],
)
def test_search_ranks_by_where_it_matches(connection, text, name, score):
    assert score in [s for n, s, _ in found(connection, text) if n == name]


def test_search_order_is_score_then_population(atlas, connection):
    got = ask(connection, "FROM search_cities('a') WHERE corpus = 'made'")
    keys = [(-r["score"], -r["population"]) for r in got]
    assert keys == sorted(keys) and len({r["score"] for r in got}) > 2
    assert [r["score"] for r in got if r["score"] == 1], "nothing was found by its text alone"


def test_search_finds_the_text(atlas, connection):
    def plain(text):
        marks = unicodedata.normalize("NFD", text.lower())
        return "".join(c for c in marks if not unicodedata.combining(c))

    inside = {
        r["prompt_id"] for r in rows(atlas, "prompts", "made") if "word33" in plain(r["text"])
    }
    assert {p for _, _, p in found(connection, "WORD33")} == inside
    assert inside


def test_search_of_nothing_lists_all_in_order(atlas, connection):
    for text in ("", "   "):
        got = found(connection, text)
        assert [p for *_, p in got] == [r["prompt_id"] for r in rows(atlas, "prompts", "made")]


@pytest.mark.parametrize("text", ["%", "_", "'", '"', "\\", "no such place"])
def test_search_takes_signs_literally(atlas, connection, text):
    city = cities_of_prompts(atlas)
    texts = {r["prompt_id"]: r["text"] for r in rows(atlas, "prompts", "made")}
    expected = {
        p
        for p, c in city.items()
        if text in c["name"] + c["country"] + "\n".join(c["alternate_names"]) + texts[p]
    }
    assert {p for *_, p in found(connection, text)} == expected
