"""Atlases of three steps of a tiny model, and the tables made from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.atlas.extract import extract
from kn_assets.atlas.loaded import load_model
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.knowledge import facts as knowledge
from kn_assets.knowledge.answers import answer
from kn_assets.knowledge.facts import Fact
from kn_assets.knowledge.questions import ask
from kn_assets.lake import Lake
from kn_assets.lake.plan import is_current, stale
from kn_assets.lake.schema import TABLES
from kn_assets.launch.steps import requests
from kn_assets.maps import projection
from kn_assets.maps.tables import MapsPlan
from kn_assets.progress import Progress
from kn_assets.training.steps import fact_steps, layer_steps, neuron_steps
from kn_assets.training.steps.lens import FactLensPlan
from kn_assets.training.steps.tables import StepsPlan
from tests.models import tiny

STEPS = (0, 4, 16)
ONE_PASS = ("atlases", "neurons", "neuron_top", "neuron_peaks", "tokens")
TEXTS = [
    "The city of Kabul is a city.",
    "",  # no token: its id is a gap in the atlas
    "Afghanistan is the capital city of the city.",
    "Kabul is the city of Kabul.",
    "A capital, the capital.",
    "Of the cities, Kabul.",
] * 4
FACTS = [
    Fact("city-country", "Kabul", "Afghanistan", ("Kabul is a city in", "Kabul lies in")),
    Fact("city-country", "Lima", "Peru", ("Lima is a city in", "Lima lies in")),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with atlases of three steps of `run`, facts and their lenses."""
    root = tmp_path_factory.mktemp("steps")
    lake = Lake(root / "lake")
    (root / "made.jsonl").write_text('{"name": "a", "text": "b"}')
    ids = np.arange(len(TEXTS), dtype=np.int32)
    prompts = pa.table([ids, ids.astype(np.int64), TEXTS], schema=TABLES["prompts"].schema)
    corpus = lakes.corpus("made")
    lake.write(corpus, "prompts", prompts, "made")
    facts, fact_prompts = knowledge.tables(FACTS)
    lake.write(corpus, "facts", facts, "made")
    lake.write(corpus, "fact_prompts", fact_prompts, "made")
    for step in STEPS:
        tiny.save(root / "run" / f"step{step}", "gpt2", seed=step, n_embd=16, n_layer=2)
    settings = AtlasSettings(
        corpus=str(root / "made.jsonl"),
        model=str(root / "run"),
        dtype="float32",
        density=0.1,
        tokens=9,
        top_k=4,
    )
    for request in requests(lake, settings):
        extract(request.plan, ONE_PASS, Progress())
    return lake


def plan(lake: Lake, step: int) -> AtlasPlan:
    return AtlasPlan.of(lake, f"run@step{step}")


def write(lake: Lake, name: str, floor: float) -> list[str]:
    """Make what is stale; returns its names."""
    over_steps = StepsPlan(lake, name, floor)
    tables = stale(over_steps)
    over_steps.make(tables, Progress())
    return tables


def write_lens(of: AtlasPlan, ids: list[int] | None = None) -> bool:
    lens = FactLensPlan(of, tuple(range(len(FACTS)) if ids is None else ids))
    tables = stale(lens)
    if tables:
        lens.make(tables, Progress())
    return bool(tables)


def test_tables_are_made_once_and_hold_what_their_functions_give(made: Lake) -> None:
    assert write(made, "run", 0.1) == ["neuron_steps", "layer_steps", "neuron_map_steps"]
    assert [write_lens(plan(made, step)) for step in STEPS] == [True] * 3
    assert [write_lens(plan(made, step)) for step in STEPS] == [False] * 3
    assert write(made, "run", 0.1) == ["fact_steps"]
    assert write(made, "run", 0.1) == []
    with pytest.raises(KnError, match="neuron_steps of run is of other atlases"):
        StepsPlan(made, "run", 0.2).make(["layer_steps"], Progress())
    assert write(made, "run", 0.2) == ["neuron_steps", "layer_steps"]

    here, of = lakes.model("run"), {s: lakes.model(f"run@step{s}") for s in STEPS}
    wanted = neuron_steps(
        {s: made.read(p, "neurons") for s, p in of.items()},
        {s: made.read(p, "neuron_top") for s, p in of.items()},
        0.2,
    )
    assert made.read(here, "neuron_steps").equals(wanted)
    assert made.read(here, "layer_steps").equals(layer_steps(wanted))
    lenses = {s: made.read(p, "fact_lens") for s, p in of.items()}
    assert made.read(here, "fact_steps").equals(fact_steps(lenses))


def test_the_last_layer_of_the_lens_is_the_models_answer(made: Lake) -> None:
    write_lens(plan(made, 16))
    loaded = load_model(plan(made, 16), Progress())
    asked = ask(loaded.tokenizer, *knowledge.tables(FACTS)).asked
    assert len(asked) == 4
    own = answer(loaded, asked)
    last = made.read(lakes.model("run@step16"), "fact_lens").to_pylist()[1::2]
    assert [r["layer"] for r in last] == [1] * 4
    assert [r["rank"] for r in last] == own["rank"].to_pylist()
    assert [r["probability"] for r in last] == pytest.approx(own["probability"].to_pylist())
    # Other facts make it stale.
    assert write_lens(plan(made, 16), [1])
    assert set(made.read(lakes.model("run@step16"), "fact_lens")["fact_id"].to_pylist()) == {1}


def test_the_maps_are_of_the_atlases_peaks(made: Lake) -> None:
    write(made, "run", 0.1)
    got = made.read(lakes.model("run"), "neuron_map_steps")
    peaks = made.read(lakes.model("run@step0"), "neuron_peaks").to_pandas()
    ids = sorted(set(range(len(TEXTS))) - {i for i, t in enumerate(TEXTS) if not t})
    peaks["prompt_id"] = peaks["prompt_id"].map({p: i for i, p in enumerate(ids)})
    first = projection.neuron_map(pa.Table.from_pandas(peaks), 2, 64, len(ids))
    assert got["step"].to_numpy()[: 2 * 64].max() == 0
    assert np.array_equal(got["x"].to_numpy()[: 2 * 64], first.x, equal_nan=True)
    assert got["x"][: 2 * 64].null_count == int(first.silent.sum()) < 2 * 64
    assert got.num_rows == 3 * 2 * 64


def test_a_part_of_the_maps_that_is_lost_is_made_again(made: Lake) -> None:
    write(made, "run", 0.1)
    part = made.read(lakes.model("run@step4"), "neuron_map")
    whole = made.read(lakes.model("run"), "neuron_map_steps").to_pylist()
    assert part.to_pylist() == [
        {k: v for k, v in r.items() if k != "step"} for r in whole if r["step"] == 4
    ]
    assert is_current(MapsPlan(plan(made, 4)), "neuron_map"), (
        "a run of that step alone makes no other"
    )
    made.remove(lakes.model("run@step4"), "neuron_map")
    assert write(made, "run", 0.1) == ["neuron_map_steps"]
    assert made.read(lakes.model("run@step4"), "neuron_map").equals(part)


def test_killed_maps_go_on_at_their_step(made: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    write(made, "run", 0.1)
    here, parts = lakes.model("run"), [lakes.model(f"run@step{step}") for step in STEPS]

    def files() -> list[bytes]:
        places = [(here, "neuron_map_steps"), *((part, "neuron_map") for part in parts)]
        return [f.read_bytes() for place in places for f in made.files(*place)]

    wanted = files()
    made.remove(here, "neuron_map_steps")
    for part in parts:
        made.remove(part, "neuron_map")
    make, begun = projection.neuron_map, [0]

    def killed(*given: Any) -> projection.MapResult:
        if len(begun) == 3:
            raise KeyboardInterrupt
        begun.append(len(begun))
        return make(*given)

    monkeypatch.setattr(projection, "neuron_map", killed)
    with pytest.raises(KeyboardInterrupt):
        write(made, "run", 0.1)
    assert made.meta(here, "neuron_map_steps") is None
    begun.clear()
    assert write(made, "run", 0.1) == ["neuron_map_steps"]
    assert len(begun) == 1, "two of three were there"
    assert files() == wanted
    begun.clear()
    StepsPlan(made, "run", 0.1).make(["neuron_map_steps"], Progress())
    assert len(begun) == 3, "asked for again, all are made again"
    assert files() == wanted


def test_what_lacks_something_says_what(made: Lake) -> None:
    with pytest.raises(KnError, match=r"no training_log of run: run wasn't trained in this lake"):
        StepsPlan(made, "run").make(["training_log"], Progress())
    for step in STEPS:
        made.remove(lakes.model(f"run@step{step}"), "fact_lens")
    with pytest.raises(KnError, match=r"no fact_steps of run: no step has a fact_lens yet"):
        StepsPlan(made, "run").make(["fact_steps"], Progress())
    assert "fact_steps" not in stale(StepsPlan(made, "run"))


def test_a_step_without_a_lens_keeps_no_other_from_being_made(made: Lake) -> None:
    for step in (0, 16):
        write_lens(plan(made, step))
    steps = StepsPlan(made, "run", 0.1)
    assert steps.without_lens() == "step 4, which has no fact_lens"
    assert "fact_steps" in write(made, "run", 0.1)
    here = lakes.model("run")
    assert set(made.read(here, "fact_steps")["step"].to_pylist()) == {0, 16}
    assert write(made, "run", 0.1) == []
    write_lens(plan(made, 4))
    assert write(made, "run", 0.1) == ["fact_steps"], "its lens is there now"
    assert set(made.read(here, "fact_steps")["step"].to_pylist()) == {0, 4, 16}
    assert StepsPlan(made, "run").without_lens() == ""


def test_a_step_that_is_made_again_makes_the_tables_stale(made: Lake) -> None:
    write(made, "run", 0.1)
    wider = AtlasPlan(made, plan(made, 4).settings.with_given(density=0.2))
    extract(wider, ONE_PASS, Progress())
    assert write(made, "run", 0.1) == ["neuron_steps", "layer_steps", "neuron_map_steps"]


def test_atlases_that_do_not_belong_together_are_refused(made: Lake) -> None:
    assert list(StepsPlan(made, "run").atlases) == list(STEPS)
    with pytest.raises(KnError, match="other has 0 atlases of training steps"):
        stale(StepsPlan(made, "other"))
    before = plan(made, 4).settings
    extract(AtlasPlan(made, before.with_given(limit=5)), ONE_PASS, Progress())
    with pytest.raises(KnError, match=r"different prompts .*step 4: 4 of made"):
        stale(StepsPlan(made, "run"))
    made.remove(lakes.model("run@step4"), "neurons")  # as of an atlas that isn't finished
    assert list(StepsPlan(made, "run").atlases) == [0, 16]
