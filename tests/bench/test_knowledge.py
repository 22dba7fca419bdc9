"""The scorecard against its tables, by hand."""

import argparse
import json
import statistics
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench import knowledge as bench
from kn_assets.errors import KnError
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.launch.request import Request
from tests.made import add_training, make_lake

NAMED = (
    *("suppress", "suppress_random", "suppress_activation_matched", "suppress_other_fact"),
    *("amplify", "amplify_random", "amplify_activation_matched", "amplify_other_fact"),
    *("completeness_error", "neurons_per_fact", "facts_known"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("scorecard")
    add_training(root, "run", (2, 16), seed=3)
    return make_lake(root, "tiny", seed=1)


def test_figures_are_those_of_the_tables(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KN_DATA", str(made.root))
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    found = bench.run(parser.parse_args(["--model", "tiny"]))
    assert list(found.figures)[: len(NAMED)] == list(NAMED)
    changed = made.read(lakes.model("tiny"), "interventions").to_pylist()

    def ratio(kind: str, control: str, facts: set[int] | None = None) -> float:
        rows = [
            r
            for r in changed
            if (r["kind"], r["condition"]) == (kind, control)
            and (not facts or r["fact_id"] in facts)
        ]
        before = sum(r["probability_before"] for r in rows)
        return sum(r["probability_after"] for r in rows) / before - 1

    for kind in ("suppress", "amplify"):
        assert found.figures[kind] == pytest.approx(ratio(kind, "knowledge_neurons"))
        for control in ("random", "activation_matched", "other_fact"):
            assert found.figures[f"{kind}_{control}"] == pytest.approx(ratio(kind, control))
    strongest = max(
        abs(ratio("suppress", c)) for c in ("random", "activation_matched", "other_fact")
    )
    assert found.ratio == pytest.approx(abs(ratio("suppress", "knowledge_neurons")) / strongest)
    errors = made.read(lakes.model("tiny"), "attribution_error").to_pylist()
    gap = statistics.median(e["relative_error"] for e in errors)
    assert found.figures["completeness_error"] == pytest.approx(gap)
    right: dict[int, list[bool]] = {}
    for a in made.read(lakes.model("tiny"), "fact_answers").to_pylist():
        right.setdefault(a["fact_id"], []).append(a["greedy"])
    known = [fact for fact, hits in right.items() if 2 * sum(hits) >= len(hits)]
    assert (found.figures["facts_known"], found.figures["facts_asked"]) == (len(known), len(right))
    held = made.read(lakes.model("tiny"), "knowledge_neurons").num_rows
    assert found.figures["neurons_per_fact"] == held / len({e["fact_id"] for e in errors})
    assert found.figures["suppress_apart"] == 1, "made up so"

    facts = made.read(lakes.corpus("made"), "facts").to_pylist()
    of = {f["fact_id"] for f in facts if f["relation"] == "city-country"}
    one = found.figures["city-country"]
    assert isinstance(one, dict)
    assert one["suppress"] == pytest.approx(ratio("suppress", "knowledge_neurons", of))
    assert one["suppress_low"] <= one["suppress"] <= one["suppress_high"]
    assert one["facts_known"] == len(of & set(known))
    assert json.loads(found.to_json())["settings"]["made_now"] is False


def test_a_name_means_its_last_step(made: Lake) -> None:
    for name, key in {
        "run": "run@step16",
        "/somewhere/run": "run@step16",
        "run@step2": "run@step2",
        "tiny": "tiny",
    }.items():
        assert bench.find(made, name) == lakes.model(key)
    assert bench.find(made, "other") is None


def test_intervals_that_touch_are_not_apart() -> None:
    def effects(high: float, low: float | None) -> dict:
        of = {
            "knowledge_neurons": (high - 0.1, high),
            "random": (low, 0.0),
            "activation_matched": (0.0, 0.1),
        }
        of["other_fact"] = (-0.1, 0.0)
        return {("all", "suppress", c): {"ci_low": a, "ci_high": b} for c, (a, b) in of.items()}

    assert bench.apart(effects(-0.3, -0.2), "all")
    assert not bench.apart(effects(-0.3, -0.3), "all")
    assert not bench.apart(effects(-0.05, -0.02), "all"), "other_fact overlaps"
    assert not bench.apart(effects(-0.3, None), "all")


def test_no_neurons_at_all_is_told(made: Lake, tmp_path: Path) -> None:
    empty = make_lake(tmp_path, "tiny", seed=1)
    none = pa.Table.from_pylist([], schema=KNOWLEDGE["intervention_effects"].schema)
    empty.write(lakes.model("tiny"), "intervention_effects", none, "x")
    with pytest.raises(KnError, match="no fact with neurons"):
        bench.scorecard(empty, lakes.model("tiny"))


def test_what_is_not_there_is_made_of_the_atlas_as_it_is(
    made: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the settings that the atlas was made with, not with the benchmark's defaults."""
    settings = AtlasSettings(corpus="made", model="gpt2", limit=7)
    atlas = made.read(lakes.model("tiny"), "atlases")
    made.write(lakes.model("gpt2"), "atlases", atlas, "made-up", settings=asdict(settings))
    asked: list[Request] = []
    monkeypatch.setattr("kn_assets.launch.run.run", asked.append)
    args = argparse.Namespace(model="gpt2", corpus="geonames", limit=600)
    assert bench._make(made, args) == lakes.model("gpt2")
    assert (asked[0].atlas, asked[0].knowledge) == (settings, KnowledgeSettings())
    args.model = "openai/other"
    bench._make(made, args)
    assert (asked[1].atlas.corpus, asked[1].atlas.limit) == ("geonames", 600)
