"""`import kn_assets` is quick and light, and names what a notebook needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import kn_assets

ROOT = Path(__file__).parents[2]
IMPORT = """
import sys, time
began = time.process_time()
import kn_assets
took = time.process_time() - began
import json
print(json.dumps({"took": took, "modules": sorted(sys.modules)}))
"""


def imported(code: str, *options: str) -> dict[str, object]:
    out = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, object] = json.loads(out.stdout)
    return told


def test_importing_is_quick_and_light() -> None:
    told = imported(IMPORT, "-W", "error")
    assert isinstance(told["took"], float)
    assert told["took"] < 0.3
    assert isinstance(told["modules"], list)
    assert not {"torch", "dagster", "gradio", "duckdb", "pyarrow"} & set(told["modules"])


def test_opening_a_lake_needs_no_torch(tmp_path: Path) -> None:
    told = imported(
        f"import json, sys, kn_assets; kn_assets.open({str(tmp_path)!r}).atlases().df()\n"
        "print(json.dumps({'modules': sorted(sys.modules)}))"
    )
    assert isinstance(told["modules"], list)
    assert not {"torch", "dagster", "gradio", "transformers"} & set(told["modules"])


def test_names_are_listed_and_documented() -> None:
    assert {"open", "OpenLake", "Answer", "KnError"} <= set(dir(kn_assets))
    for name in kn_assets.__all__:
        assert getattr(kn_assets, name).__doc__, name


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = kn_assets.nothing
