"""A small model trained on a few cities, and all that is told of its steps, by one request."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from kn_assets import lake as lakes
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import geonames
from kn_assets.errors import KnError
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import Lake
from kn_assets.launch.request import Request
from kn_assets.launch.steps import requests, run_steps
from kn_assets.training import train
from tests.training.steps.trained import CITIES, TRAINED, Told, at


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], list[Request]]:
    """Requests for each step of a model trained on the cities of a corpus in a file."""
    root = tmp_path_factory.mktemp("steps")
    lake = Lake(root / "lake")
    train(TRAINED, lake)
    cities = geonames.cities().slice(0, CITIES + 2).to_pylist()  # two that it is never told of
    rows = [
        {
            "name": c["name"],
            "country": c["country"],
            "continent": c["continent"],
            "population": c["population"],
            "text": f"{c['name']} is a city in {c['country']} on the continent of "
            f"{c['continent']}. {c['population']} people live there.",
        }
        for c in cities
    ]
    file = root / "cities.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in rows), encoding="utf-8")
    atlas = AtlasSettings(
        corpus=str(file), model="geo", tokens=16, density=0.05, dtype="float32", top_k=5
    )
    return lambda: requests(lake, atlas, knowledge=KnowledgeSettings(facts=12, known=3))


@pytest.fixture(scope="session")
def made(world: Callable[[], list[Request]]) -> Lake:
    """All of it, in two goes: at first the checkpoint of step 1 can't be read."""
    lake = world()[0].lake
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(lake.root / "dagster"))
        _make(lake, world)
    return lake


def _make(lake: Lake, world: Callable[[], list[Request]]) -> None:
    weights = lake.models / "geo" / "step1" / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:100])
    told = Told()
    with pytest.raises(KnError, match=r"1 of 3 steps are left out, .*step1 is damaged"):
        run_steps(world(), told)
    assert any("step1 is left out" in said for said in told.said)
    for step in (0, 60):
        assert all(lake.meta(at(step), t) for t in OF_MODEL), "all others are done"
    assert lake.meta(at(1), "atlases") is None
    assert set(lake.read(lakes.model("geo"), "fact_steps")["step"].to_pylist()) == {0, 60}
    weights.write_bytes(whole)
    before = lake.meta(at(0), "interventions")
    assert run_steps(world(), told)
    assert lake.meta(at(0), "interventions") == before, "what was made is not made again"
