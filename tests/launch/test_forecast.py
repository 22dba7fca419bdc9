"""`kn plan` against the run it tells of; a run that doesn't fit is refused before it starts."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from kn_assets.atlas import estimate
from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.shape import shape_of
from kn_assets.cli.parser import main
from kn_assets.errors import KnError
from kn_assets.lake import RESERVE
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.forecast import Planned, planned
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from kn_assets.progress import Progress
from tests import small

GROWING = ("activations", "activations_by_neuron", "neuron_peaks", "logit_lens", "attention")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> Request:
    folder = tmp_path_factory.mktemp("plan")
    os.environ["DAGSTER_HOME"] = str(folder / "dagster")
    rng = random.Random(0)
    words = [w for sentence in small.SENTENCES for w in sentence.split()]
    rows = [
        {"name": f"city {i}", "text": " ".join(rng.choices(words, k=rng.randint(6, 20)))}
        for i in range(360)
    ]
    (folder / "cities.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    request = small.request(folder)
    request.corpus.make(request.corpus.tables, Progress())
    return request


@pytest.fixture(scope="module")
def told(request_: Request) -> Planned:
    return planned(request_.plan, request_.corpus, Progress())


def test_rows_and_bytes_are_those_of_the_run(request_: Request, told: Planned) -> None:
    plan = request_.plan
    assert plan.lake.meta(plan.model, "activations") is None  # the calibration left nothing
    extract(plan, NEEDS, Progress())
    assert told.prompts.n == 360
    assert set(told.size.rows) == {t for t in ATLAS_TABLES if t != "map_clusters"}
    for table in NEEDS:
        assert told.size.rows[table] == pytest.approx(plan.rows(table), rel=0.15), table
    for table in GROWING:
        taken = sum(f.stat().st_size for f in plan.lake.files(plan.model, table))
        assert told.size.bytes[table] == pytest.approx(taken, rel=0.25), table


def test_arithmetic_alone_is_as_near(request_: Request, told: Planned) -> None:
    shape = shape_of(request_.plan)
    assert shape is not None
    assert (shape.n_layers, shape.n_neurons) == (told.shape.n_layers, told.shape.n_neurons)
    cheap = estimate.size(request_.atlas, shape, told.prompts, ATLAS_TABLES)
    for table in ("tokens", "activations", "neurons", "neuron_top", "logit_lens", "attention"):
        assert cheap.rows[table] == pytest.approx(told.size.rows[table], rel=0.15), table


def test_every_stage_is_told(told: Planned) -> None:
    lines = str(told).splitlines()
    for stage in ("extraction", "lens", "attention", "vocabulary", "maps", "concepts", "the run"):
        assert any(line.startswith(stage) for line in lines), stage
    assert told.seconds["extraction"] > 0
    assert told.seconds["lens"] >= 0
    assert lines[-1] == "it fits"
    assert told.size.memory > 100 << 20


def test_a_lazy_lens_takes_nothing_yet(request_: Request) -> None:
    lazy = replace(request_, atlas=replace(request_.atlas, lens="lazy", limit=40))
    told = planned(lazy.plan, lazy.corpus, Progress())
    assert told.prompts.n == 40
    assert told.size.rows["logit_lens"] == 0
    assert "when it is opened" in str(told)
    assert told.run_s == pytest.approx(
        sum(s for stage, s in told.seconds.items() if stage not in ("lens", "concepts"))
    )


def test_prompts_that_arent_here_are_made_or_told(tmp_path: Path) -> None:
    request = small.request(tmp_path)
    told = planned(request.plan, request.corpus, Progress())
    assert told.prompts.n == 24
    assert request.lake.meta(request.plan.corpus, "prompts") is None
    wikipedia = replace(request, atlas=replace(request.atlas, corpus="wikipedia"))
    with pytest.raises(KnError, match="kn run --only prompts"):
        planned(wikipedia.plan, wikipedia.corpus, Progress())


def test_a_full_disk_is_told_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    request = small.request(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 30, 0, RESERVE + 10_000))
    with pytest.raises(KnError, match=r"takes about .*--limit .*--lens lazy.*--data"):
        run(request)
    assert request.lake.meta(request.plan.model, "atlases") is None
    given = ["--corpus", request.atlas.corpus, "--model", request.atlas.model, "--tokens", "12"]
    assert main(["--data", str(request.lake.root), "run", *given]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert line.startswith("kn: this atlas takes about")
    assert main(["--data", str(request.lake.root), "plan", *given]) == 1
    assert "it doesn't fit" in capsys.readouterr().out


def test_too_little_memory_is_told_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    request = small.request(tmp_path)
    monkeypatch.setattr(estimate, "free_memory", lambda: 100 << 20)
    with pytest.raises(KnError, match=r"of memory and 105 MB is free: give --dtype bfloat16"):
        run(request)


@pytest.mark.parametrize(
    ("n", "words"), [(0, "0 bytes"), (1500, "1.5 kB"), (2.5e8, "250 MB"), (3.2e12, "3.2 TB")]
)
def test_bytes_in_words(n: float, words: str) -> None:
    assert estimate.format_bytes(n) == words
