"""`kn run`: what is fresh is not made again, a killed run goes on, settings don't get mixed."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from kn_assets.launch.steps import requests, run_steps
from tests import forked, small
from tests.models import tiny
from tests.training.steps.trained import Told

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
    for step in (0, 10, 20):  # the last two are the same
        tiny.save(tmp_path / "run" / f"step{step}", seed=min(step, 10))
    tiny.save(tmp_path / "run" / "final")
    lake, told = Lake(tmp_path / "lake"), Told()
    settings = settings.with_given(model=str(tmp_path / "run"), limit=8)
    wanted = requests(lake, settings, progress=told)
    assert told.said == ["left out of run, names that say no step: final"]
    assert run_steps(wanted, told)
    assert told.said[-1] == "step20 has the same weights as step10: was it published twice?"
    assert not run_steps(wanted), "nothing is made again"
    for table in ("neuron_steps", "layer_steps", "neuron_map_steps"):
        found = lake.read(Partition("model", "run"), table)
        assert set(found["step"].to_pylist()) == {0, 10, 20}, table
    with duckdb.connect(str(lake.database), read_only=True) as connection:
        query = "SELECT count(*) FROM layer_steps WHERE step = 10 AND births >= 0"
        assert connection.sql(query).fetchall() == [(3,)]


def in_process(folder: Path, lake: Path, module: list[str]) -> list[str]:
    """`kn run` in a process of its own, by a module that takes the same words."""
    settings = small.settings(folder)
    command = [sys.executable, "-m", *module, "--data", str(lake), "run"]
    for name in ("corpus", "model", "tokens", "density", "dtype"):
        command += [f"--{name}", str(getattr(settings, name))]
    return [*command, "--top-k", str(settings.top_k)]


def test_a_killed_run_leaves_no_half_table_and_goes_on(made: Request, tmp_path: Path) -> None:
    """Killed within the first table, within extraction, after it, and within the last one."""
    lake = Lake(tmp_path / "killed")
    key = Partition("model", "tiny")
    env = {**os.environ, "DAGSTER_HOME": str(lake.root / "dagster")}
    finished: list[set[str]] = []
    for table in ("cities", "activations", "neuron_vocabulary", "prompt_map"):
        halted = tmp_path / f"half of {table}"
        command = in_process(tmp_path, lake.root, ["tests.launch.halting_run", table, str(halted)])
        with forked.Popen(
            command, env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while not halted.exists():
                    assert process.poll() is None, f"it ended before it came to {table}"
                    time.sleep(0.05)
            finally:
                process.kill()
        assert process.returncode == -signal.SIGKILL
        assert list(lake.root.glob(f"*/*/.new-{table}")), "it was killed within the table"
        metas = {t: meta for t in ATLAS_TABLES if (meta := lake.meta(key, t))}
        assert table not in metas
        assert {t: lake.read(key, t).num_rows for t in metas} == {
            t: meta["rows"] for t, meta in metas.items()
        }
        finished.append(set(metas))
    assert not finished[0] and finished[1] < finished[2] < finished[3]
    before = {t: lake.meta(key, t) for t in finished[-1]}
    command = in_process(tmp_path, lake.root, ["kn_assets.cli.parser"])
    last = forked.run(command, env=env, cwd=ROOT)
    assert last.returncode == 0, last.stderr
    assert all(lake.meta(key, t) for t in ATLAS_TABLES)
    assert {t: lake.meta(key, t) for t in before} == before, "a finished table is not made again"
    for table in set(ATLAS_TABLES) - {"atlases"}:
        assert lake.read(key, table).equals(made.lake.read(made.plan.model, table)), table
    assert not list(lake.root.glob("*/*/.*"))
