"""A table that fails a blocking check isn't made: every later run says so again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from kn_assets import checks
from kn_assets.atlas.activations.thresholds import Calibration
from kn_assets.cli.parser import main
from kn_assets.corpora import own_file
from kn_assets.errors import KnError
from kn_assets.lake import plan as plans
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from kn_assets.progress import Progress
from tests import small


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return small.request(tmp_path)


@pytest.fixture
def doubled(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A corpus whose prompts come twice, until it is undone."""
    read = own_file.read

    def twice(*given: object) -> tuple[pa.Table, pa.Table]:
        cities, prompts = read(*given)  # type: ignore[arg-type]
        return cities, pa.concat_tables([prompts, prompts])

    with monkeypatch.context() as patch:
        patch.setattr(own_file, "read", twice)
        yield patch


def failed(request: Request, table: str) -> object:
    where = request.corpus.partition if table == "prompts" else request.plan.model
    return (request.lake.meta(where, table) or {})["failed_checks"]


def test_a_corpus_that_fails_fails_again_until_it_is_right(
    request_: Request, doubled: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    atlas = request_.atlas
    command = ["--data", str(request_.lake.root), "run", "--corpus", atlas.corpus]
    command += ["--model", atlas.model, "--tokens", "12", "--density", "0.1", "--only", "tokens"]
    for _ in range(3):
        assert main(command) == 1
        assert "checks failed: prompts.keys_unique" in capsys.readouterr().err
        assert failed(request_, "prompts") == ["keys_unique"]
    assert request_.stale_corpus() == ["prompts"]
    assert request_.lake.meta(request_.plan.model, "tokens") is None, "nothing stands on it"
    doubled.undo()
    assert main(command) == 0
    assert failed(request_, "prompts") == []


def test_a_table_of_the_atlas_that_fails_fails_again(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = replace(request_, only=("thresholds",))
    table = Calibration.table
    with monkeypatch.context() as patch:
        patch.setattr(
            Calibration, "table", lambda self: pa.concat_tables([table(self), table(self)])
        )
        for _ in range(2):
            with pytest.raises(KnError, match=r"checks failed: thresholds\.keys_unique"):
                run(only)
        assert only.stale_atlas() == ["thresholds"]
    assert run(only)
    assert not run(only)


def test_what_a_killed_run_left_unchecked_is_checked_and_not_made_again(
    request_: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    only = replace(request_, only=("tokens",))
    plan = request_.corpus
    plan.make(plan.tables, Progress())
    with monkeypatch.context() as patch:
        patch.setattr(checks, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            run(only)
    before = request_.lake.meta(request_.plan.model, "tokens")
    assert before and before["failed_checks"] is None
    assert plans.awaits_checks(request_.plan, "tokens")
    assert only.stale_atlas() == ["tokens", "atlases"]
    monkeypatch.setattr("kn_assets.atlas.extract.extract", killed)
    assert run(only), "the model isn't run for them"
    after = request_.lake.meta(request_.plan.model, "tokens")
    assert after == {**before, "failed_checks": []}
