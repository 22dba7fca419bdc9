"""docs/notebook.ipynb runs from its first cell to its last, and is stored without outputs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import pytest

from tests.made import make_lake

ROOT = Path(__file__).parents[2]
NOTEBOOK = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
CODE = [c for c in NOTEBOOK["cells"] if c["cell_type"] == "code"]


def run_cells(data: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run all code cells over a lake; returns their variables."""
    monkeypatch.setenv("KN_DATA", str(data))
    matplotlib.use("agg")
    plt.close("all")  # so that the figures below are counted from 1
    variables: dict[str, Any] = {}
    for number, cell in enumerate(CODE):
        source = "".join(cell["source"])
        exec(compile(source, f"docs/notebook.ipynb, code cell {number}", "exec"), variables)
    return variables


def test_it_is_stored_without_outputs() -> None:
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
    assert len({c["id"] for c in NOTEBOOK["cells"]}) == len(NOTEBOOK["cells"])
    assert len(CODE) > 5
    for cell in CODE:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_lake(tmp_path, model="tiny", n_prompts=40)
    variables = run_cells(made.root, monkeypatch)
    assert 0 < len(variables["neurons"]) <= 10
    assert (variables["neurons"]["difference_low"] > 0).all()
    assert len(variables["values"]) == len(variables["tokens"]) > 0
    assert (variables["values"] != 0).any()
    (shares, activations) = (variables["plt"].figure(n).axes[0] for n in (1, 2))
    assert len(shares.patches) == 2 * len(variables["neurons"])
    assert len(activations.patches) == len(variables["tokens"])
    variables["plt"].close("all")


@pytest.mark.skipif(
    not os.environ.get("KN_DEMO_DATA"), reason="$KN_DEMO_DATA is no lake that `kn demo` made"
)
def test_it_finds_neurons_of_japan_in_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = run_cells(Path(os.environ["KN_DEMO_DATA"]), monkeypatch)
    assert variables["neurons"]["z"][0] > 4
    variables["plt"].close("all")
