"""The Python of the README and of docs/notebook.md runs, block after block, as in a notebook."""

from pathlib import Path

import matplotlib
import pytest

from tests.docs.pages import TEXTS, blocks
from tests.made import make_lake


@pytest.mark.parametrize("page", ["README.md", "docs/notebook.md"])
def test_blocks_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_lake(tmp_path / "data", model="smollm2-135m", n_layers=27, n_neurons=936)
    monkeypatch.chdir(tmp_path)
    matplotlib.use("agg")
    code = blocks(TEXTS[page], "python")
    assert code
    names: dict[str, object] = {}
    for block in code:
        exec(compile(block, page, "exec"), names)
