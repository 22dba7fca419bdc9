"""`kn run --corpus wikipedia` from the list of cities to an atlas, against the stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets import lake
from kn_assets.lake import Lake
from kn_assets.lake.schema import ATLAS_TABLES
from tests import forked, small
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import FIRST, World

ROOT = Path(__file__).parents[3]


def kn(data: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    told = {**os.environ, "DAGSTER_HOME": str(data / "dagster"), **env}
    told.pop("KN_CONTACT", None)
    command = [sys.executable, "-m", "kn_assets.cli.parser", "--data", str(data), *words]
    return forked.run(command, cwd=ROOT, env=told)


def options(folder: Path, site: StandIn) -> list[str]:
    model = small.settings(folder).model
    return [
        *("--model", model, "--dtype", "float32", "--tokens", "30", "--density", "0.1"),
        *("--base-url", site.url, "--rate", "2000", "--backoff", "0.01"),
    ]


def test_from_the_list_to_an_atlas_and_again(tmp_path: Path) -> None:
    data = tmp_path / "lake"
    with StandIn(World(24)) as site:
        words = ["run", *options(tmp_path, site), "--contact", "a@b.org"]
        done = kn(data, *words)
        assert done.returncode == 0, done.stderr
        assert "pages: 24/24" in done.stderr, "progress is shown"
        made = Lake(data)
        cities = made.read(lake.corpus("wikipedia"), "cities")
        assert cities["name"].to_pylist()[:5] == list(FIRST[:5])
        assert made.read(lake.corpus("wikipedia"), "prompts").num_rows == 24
        for table in ATLAS_TABLES:
            assert made.meta(lake.model("tiny"), table), table
        lines = kn(data, "prompts", "--model", small.settings(tmp_path).model).stdout.splitlines()
        assert lines[0].startswith(f"0 / 24 {site.url}/wiki/Kabul : Kabul ")

        # again: revisions are asked for, no page is fetched, nothing is made again
        before = sum(n for p, n in site.served().items() if p == "/wiki/Kabul")
        stamps = {t: made.meta(lake.model("tiny"), t) for t in ATLAS_TABLES}
        assert kn(data, *words).returncode == 0
        assert sum(n for p, n in site.served().items() if p == "/wiki/Kabul") == before
        assert {t: made.meta(lake.model("tiny"), t) for t in ATLAS_TABLES} == stamps

        shown = kn(
            data, "page", f"{site.url}/wiki/Kabul", "--base-url", site.url, "--contact", "a@b.org"
        )
        assert "Kabul is the capital" in shown.stdout


def test_too_many_failures_block_the_prompts(tmp_path: Path) -> None:
    data = tmp_path / "lake"
    with StandIn(World(24)) as site:
        site.always["/wiki/Kabul"] = "404"
        words = ["run", "--only", "prompts", *options(tmp_path, site), "--contact", "a@b.org"]
        done = kn(data, *words)
        assert done.returncode == 1
        assert "failed_share" in done.stderr
        assert Lake(data).meta(lake.corpus("wikipedia"), "prompts") is None
        assert kn(data, *words, "--max-failed-share", "0.1").returncode == 0
        assert Lake(data).read(lake.corpus("wikipedia"), "prompts").num_rows == 23


@pytest.mark.parametrize("missing", ["contact", "site"])
def test_what_is_missing_is_told_in_one_line(tmp_path: Path, missing: str) -> None:
    model = small.settings(tmp_path).model
    words = ["run", "--model", model, "--base-url", "http://127.0.0.1:9", "--attempts", "1"]
    if missing == "site":
        words += ["--contact", "a@b.org"]
    done = kn(tmp_path / "lake", *words)
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("kn: ")]
    assert len(told) == 1, done.stderr
    assert ("KN_CONTACT" if missing == "contact" else "127.0.0.1:9") in told[0]
    assert "Traceback" not in done.stderr
