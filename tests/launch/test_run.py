"""`kn run`: what is fresh is not made again, a killed run goes on, settings don't get mixed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from kn_assets.launch.steps import requests, run_steps
from tests import small
from tests.models import tiny

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Request:
    folder = tmp_path_factory.mktemp("made")
    os.environ["DAGSTER_HOME"] = str(folder / "dagster")
    request = small.request(folder)
    assert run(request)
    return request


def written(request: Request) -> dict[str, str]:
    tables = {t: request.lake.meta(request.plan.model, t) for t in ATLAS_TABLES}
    return {t: m["created_at"] for t, m in tables.items() if m}


def test_every_table_is_there(made: Request) -> None:
    assert set(written(made)) == set(ATLAS_TABLES)
    assert not list(made.lake.root.glob("*/*/.*"))
    with duckdb.connect(str(made.lake.database), read_only=True) as connection:
        heat = connection.sql("FROM heatmap('tiny', 0)").fetchall()
        stored = made.lake.read(made.plan.model, "activations")
    assert len(heat) == (stored["prompt_id"].to_numpy() == 0).sum() > 0


def test_a_second_run_does_nothing(made: Request) -> None:
    before = written(made)
    assert not run(made)
    assert written(made) == before


def test_only_makes_that_table_alone(made: Request) -> None:
    time.sleep(1.1)  # times are told to the second
    before = written(made)
    assert run(replace(made, only=("logit_lens",), force=True))
    after = written(made)
    assert {t for t in after if after[t] != before[t]} == {"logit_lens"}


def test_only_with_other_settings_is_refused(made: Request) -> None:
    other = replace(made, atlas=made.atlas.with_given(density=0.3), only=("logit_lens",))
    with pytest.raises(KnError, match="other settings"):
        run(other)
    assert not run(made), "nothing was lost"


def test_only_in_an_empty_lake_makes_what_it_needs(tmp_path: Path) -> None:
    request = replace(small.request(tmp_path), only=("neurons",))
    assert run(request)
    assert set(written(request)) == {"neurons", "atlases"}


def test_an_unknown_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="no table is called nonsense"):
        Request(Lake(tmp_path), small.settings(tmp_path), only=("nonsense",))


def test_a_smaller_limit_makes_a_smaller_atlas_of_the_same_corpus(tmp_path: Path) -> None:
    request = small.request(tmp_path, limit=5)
    assert run(request)
    found = request.lake.read(request.plan.model, "atlases").to_pylist()[0]
    assert found["n_prompts"] == 5
    assert request.lake.read(request.corpus.partition, "prompts").num_rows == 24


def test_another_corpus_does_not_replace_an_atlas_unasked(made: Request) -> None:
    with pytest.raises(KnError, match="holds corpus cities"):
        run(replace(made, atlas=made.atlas.with_given(corpus="geonames")))
    assert made.lake.meta(Partition("corpus", "geonames"), "prompts") is None


def test_steps_of_a_model_and_the_tables_over_them(tmp_path: Path) -> None:
    settings = small.settings(tmp_path)
    for step in (0, 10):
        tiny.save(tmp_path / "run" / f"step{step}", seed=step)
    lake = Lake(tmp_path / "lake")
    settings = settings.with_given(model=str(tmp_path / "run"), limit=8)
    wanted = requests(lake, settings)
    assert run_steps(wanted)
    assert not run_steps(wanted), "nothing is made again"
    for table in ("neuron_steps", "layer_steps", "neuron_map_steps"):
        found = lake.read(Partition("model", "run"), table)
        assert set(found["step"].to_pylist()) == {0, 10}, table
    with duckdb.connect(str(lake.database), read_only=True) as connection:
        query = "SELECT count(*) FROM layer_steps WHERE step = 10 AND births >= 0"
        assert connection.sql(query).fetchall() == [(3,)]


def run_in_process(folder: Path, lake: Path) -> subprocess.Popen[bytes]:
    settings = small.settings(folder)
    command = [sys.executable, "-m", "kn_assets.cli.parser", "--data", str(lake), "run"]
    for name in ("corpus", "model", "tokens", "density", "dtype"):
        command += [f"--{name}", str(getattr(settings, name))]
    command += ["--top-k", str(settings.top_k)]
    env = {**os.environ, "DAGSTER_HOME": str(lake / "dagster")}
    return subprocess.Popen(
        command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def test_a_killed_run_leaves_no_half_table_and_goes_on(made: Request, tmp_path: Path) -> None:
    small.settings(tmp_path)
    lake = Lake(tmp_path / "killed")
    key = Partition("model", "tiny")
    rng = np.random.default_rng(1)
    for _ in range(4):
        process = run_in_process(tmp_path, lake.root)
        time.sleep(rng.uniform(3, 12))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for table in ATLAS_TABLES:
            meta = lake.meta(key, table)
            if meta:
                assert lake.read(key, table).num_rows == meta["rows"]
    before = {t: m["created_at"] for t in ATLAS_TABLES if (m := lake.meta(key, t))}
    last = run_in_process(tmp_path, lake.root)
    _, told = last.communicate()
    assert last.returncode == 0, told.decode()
    after = {t: m["created_at"] for t in ATLAS_TABLES if (m := lake.meta(key, t))}
    assert set(after) == set(ATLAS_TABLES)
    assert {t: after[t] for t in before} == before, "a finished table is not made again"
    for table in set(ATLAS_TABLES) - {"atlases"}:
        assert lake.read(key, table).equals(made.lake.read(made.plan.model, table)), table
    assert not list(lake.root.glob("*/*/.*"))
