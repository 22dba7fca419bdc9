"""A lens left for later: computed prompt by prompt, the same rows as in one run, kept once."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.extract import extract
from kn_assets.cli.doctor import examine
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.launch.request import Request
from kn_assets.launch.run import run
from kn_assets.live.atlas import LiveAtlas
from kn_assets.progress import Progress
from tests import small

TABLE = lazy_lens.TABLE


@pytest.fixture(scope="module")
def lazy(tmp_path_factory: pytest.TempPathFactory) -> Request:
    folder = tmp_path_factory.mktemp("lazy")
    os.environ["DAGSTER_HOME"] = str(folder / "dagster")
    request = small.request(folder, lens="lazy")
    assert run(request)
    return request


@pytest.fixture(scope="module")
def whole(lazy: Request) -> pa.Table:
    """The rows that an atlas with all lenses has."""
    request = small.request(lazy.lake.root.parent, lake="whole")
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, ["atlases", TABLE], Progress())
    return request.lake.read(request.plan.model, TABLE)


def atlas_of(request: Request) -> tuple[Lake, Partition]:
    return request.lake, request.plan.model


def asked(lake: Lake, sql: str) -> pa.Table:
    database = Database(lake)
    try:
        return database.cursor().sql(sql).to_arrow_table()
    finally:
        database.close()


def rows_of(table: pa.Table, prompt: int) -> pa.Table:
    return table.filter(pa.compute.equal(table["prompt_id"], prompt))


def same(found: pa.Table, wanted: pa.Table) -> None:
    assert found.schema == wanted.schema
    for name in wanted.column_names:
        a, b = found[name].to_pylist(), wanted[name].to_pylist()
        if name.endswith("probability"):
            numbers = [np.array([np.nan if x is None else x for x in v]) for v in (a, b)]
            np.testing.assert_allclose(numbers[0], numbers[1], atol=1e-6, equal_nan=True)
        else:
            assert a == b, name


def test_a_lazy_run_leaves_the_lens_and_makes_all_else(lazy: Request) -> None:
    lake, atlas = atlas_of(lazy)
    assert lazy_lens.is_lazy(lake, atlas)
    assert lake.read(atlas, TABLE).num_rows == 0
    assert lake.meta(atlas, "attention")
    assert not run(lazy)  # nothing is stale
    assert asked(lake, f"FROM lens('{atlas.key}', 0)").num_rows == 0
    (told,) = [f for f in examine(lake) if f"atlas {atlas.key}" in f.what]
    assert told.well
    assert "the lens of 0 opened prompts" in told.what


def test_opened_prompts_get_the_rows_of_a_whole_run(lazy: Request, whole: pa.Table) -> None:
    lake, atlas = atlas_of(lazy)
    model = LiveAtlas.of(lake, atlas.key, Progress())
    for prompt in (7, 2):
        assert lazy_lens.waits(lake, atlas, prompt)
        model.keep_lens(prompt, Progress())
        assert not lazy_lens.waits(lake, atlas, prompt)
        found = asked(lake, f"FROM logit_lens WHERE prompt_id = {prompt}")
        same(found.drop_columns(["model"]).cast(whole.schema), rows_of(whole, prompt))
        by_macro = asked(lake, f"FROM lens('{atlas.key}', {prompt})")
        assert by_macro["token_id"].to_pylist() == rows_of(whole, prompt)["token_id"].to_pylist()
    assert lazy_lens.opened(lake, atlas) == 2


def test_many_at_once_do_no_harm(lazy: Request, whole: pa.Table) -> None:
    lake, atlas = atlas_of(lazy)
    model = LiveAtlas.of(lake, atlas.key, Progress())
    rows = model.lens_rows(lazy_lens.prompt_of(lake, atlas, 4), Progress())
    threads = [
        threading.Thread(target=lazy_lens.keep, args=(lake, atlas, 4, rows)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(rows_of(lake.read(atlas, TABLE), 4), rows_of(whole, 4))
    assert not list(lake.folder(atlas).glob(".new-*"))


def test_an_unknown_prompt_is_told(lazy: Request) -> None:
    lake, atlas = atlas_of(lazy)
    with pytest.raises(KnError, match="no prompt 999"):
        lazy_lens.prompt_of(lake, atlas, 999)


def test_heads_equal_the_models_own(lazy: Request) -> None:
    lake, atlas = atlas_of(lazy)
    model = LiveAtlas.of(lake, atlas.key, Progress())
    plain = AutoModelForCausalLM.from_pretrained(
        lazy.atlas.model, attn_implementation="eager", dtype=torch.float32
    ).eval()
    ids = lazy_lens.prompt_of(lake, atlas, 3).ids
    with torch.no_grad():
        wanted = plain(torch.from_numpy(ids[None].astype(np.int64)), output_attentions=True)
    lower = np.tril_indices(len(ids))
    means = []
    for layer, weights in enumerate(wanted.attentions):
        assert model.model.n_heads == weights.shape[1]
        heads = [model.head(ids, layer, head) for head in range(weights.shape[1])]
        for head, found in enumerate(heads):
            np.testing.assert_allclose(found, weights[0, head].numpy()[lower], atol=1e-6)
        means.append(np.mean(heads, axis=0))
    stored = lake.read(atlas, "attention")
    kept = stored.filter(pa.compute.equal(stored["prompt_id"], 3))["weight"].to_numpy()
    np.testing.assert_allclose(np.concatenate(means), kept, atol=2**-16)
    with pytest.raises(KnError, match="no head 99"):
        model.head(ids, 0, 99)


def test_a_whole_run_fills_in_what_is_missing(lazy: Request, whole: pa.Table) -> None:
    """Last in this file: it ends the lazy atlas."""
    lake, atlas = atlas_of(lazy)
    before = {t: lake.meta(atlas, t) for t in ("activations", "attention", "neuron_map")}
    late = LiveAtlas.of(lake, atlas.key, Progress())
    rows = late.lens_rows(lazy_lens.prompt_of(lake, atlas, 5), Progress())
    assert run(replace(lazy, atlas=replace(lazy.atlas, lens="all")))
    assert before == {t: lake.meta(atlas, t) for t in before}  # nothing else was made again
    lazy_lens.keep(lake, atlas, 5, rows)  # an app that was at it while the run ended
    assert not lazy_lens.is_lazy(lake, atlas)
    same(lake.read(atlas, TABLE), whole)
    assert not run(lazy)


def test_lens_is_all_or_lazy(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="--lens must be one of all, lazy"):
        small.settings(tmp_path, lens="later").checked()
