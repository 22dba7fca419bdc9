"""A made-up lake of three atlases over two corpora, and a connection to it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from kn_assets.database import database
from kn_assets.lake import Lake
from tests.database.told import MODEL, SIZE
from tests.made import add_circuits, add_training, make_lake


@pytest.fixture(scope="package")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    root = tmp_path_factory.mktemp("lake")
    made = make_lake(root, model=MODEL, seed=SIZE.seed)
    add_training(root, model=MODEL, seed=SIZE.seed + 3)
    add_circuits(root, MODEL)
    add_circuits(root, f"{MODEL}@step64")
    # A second atlas and a second corpus: whatever forgets to name the model shows.
    make_lake(root, model="other@step10", seed=SIZE.seed + 1, n_layers=2)
    make_lake(root, model="third", corpus="elsewhere", seed=SIZE.seed + 2, n_prompts=4)
    return made


@pytest.fixture(scope="package")
def connection(atlas: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    with database.connect(atlas) as opened:
        yield opened
