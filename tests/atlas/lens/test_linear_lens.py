"""The linear lens of tiny models, against NumPy and plain passes of transformers' own model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.lens import fitting
from kn_assets.atlas.lens.shares import Shares
from kn_assets.atlas.lens.translators import Translators
from kn_assets.atlas.linear_lens import (
    LENSES,
    QUALITY,
    TRANSLATORS,
    VOCABULARY,
    LinearLensPlan,
)
from kn_assets.errors import KnError
from kn_assets.lake import plan as plans
from kn_assets.live.atlas import LiveAtlas
from kn_assets.progress import Progress
from tests.atlas.lens.linear_world import SEED, World, made, texts
from tests.models import families


def test_the_maps_are_least_squares_over_the_fit(world: World) -> None:
    quality = world.lake.read(world.plan.model, QUALITY).to_pylist()
    ridges = {r["layer"]: r["ridge"] for r in quality if r["lens"] == "linear"}
    tokens = world.tokens()
    shares = Shares.of(len(tokens), SEED)
    prompts = [list(tokens)[i] for i in (*shares.fit, *shares.validation)]
    streams = np.concatenate(
        [world.streams(tokens[p][0])[:, ~tokens[p][1]] for p in prompts], axis=1
    )
    y = streams[-1]
    found = world.translators
    assert len(found.matrices) == len(streams) - 1 == 2
    for layer, x in enumerate(streams[:-1]):
        mx, my = x.mean(0), y.mean(0)
        xx, xy = ((x - mx).T @ of / len(x) for of in (x - mx, y - my))
        shrunk = xx + ridges[layer] * np.trace(xx) / len(xx) * np.eye(len(xx))
        wanted = np.linalg.solve(shrunk, xy)
        near = x @ wanted + my - mx @ wanted
        told = found.translated(layer, torch.from_numpy(x).float()).numpy()
        np.testing.assert_allclose(told, near, atol=2e-3 * np.abs(near).max())
        np.testing.assert_allclose(found.matrices[layer], wanted, atol=2e-3 * np.abs(wanted).max())


def test_distances_are_those_of_the_models_own_output(world: World) -> None:
    tokens, maps = world.tokens(), world.translators
    held_out = [list(tokens)[i] for i in Shares.of(len(tokens), SEED).held_out]
    quality = world.lake.read(world.plan.model, QUALITY).to_pylist()
    assert len(quality) == 6
    for row in quality:
        kl, same = [], []
        for prompt in held_out:
            ids, sinks = tokens[prompt]
            stream = world.streams(ids)[row["layer"]]
            if row["lens"] == "linear" and row["layer"] < 2:
                stream = stream @ maps.matrices[row["layer"]].double().numpy()
                stream = stream + maps.constants[row["layer"]].double().numpy()
            own, read = world.read(ids), world.read(ids, stream)
            kl.append((np.exp(own) * (own - read)).sum(1)[~sinks])
            same.append((own.argmax(1) == read.argmax(1))[~sinks])
        assert row["kl"] == pytest.approx(np.concatenate(kl).mean(), abs=1e-4)
        assert row["kl_median"] == pytest.approx(np.median(np.concatenate(kl)), abs=1e-4)
        assert row["top1_agreement"] == pytest.approx(np.concatenate(same).mean(), abs=1e-6)
        assert row["n_tokens"] == len(np.concatenate(kl))
        assert row["n_prompts"] == len(held_out) == 8


def test_after_the_last_layer_every_lens_is_the_model(world: World) -> None:
    last = [r for r in world.lake.read(world.plan.model, QUALITY).to_pylist() if r["layer"] == 2]
    assert [r["top1_agreement"] for r in last] == [1, 1]
    np.testing.assert_allclose([r["kl"] for r in last], 0, atol=1e-6)
    assert [r["ridge"] for r in last] == [None, None]


def test_held_out_prompts_have_no_part_in_the_fit(world: World, tmp_path: Path) -> None:
    shares = Shares.of(40, SEED)
    parts = [set(s.tolist()) for s in (shares.fit, shares.validation, shares.held_out)]
    assert set.union(*parts) == set(range(40))
    assert sum(map(len, parts)) == 40
    (tmp_path / "model").symlink_to(world.plan.settings.model)
    changed = texts()
    for i in shares.held_out:
        changed[i] = "is is is Afghanistan Afghanistan and and and well"
    same = _fitted(tmp_path, world.family, changed)
    assert torch.equal(same.matrices, world.translators.matrices)
    assert torch.equal(same.constants, world.translators.constants)
    changed[shares.fit[0]] = "is is is Afghanistan Afghanistan and and and well"
    assert not torch.equal(_fitted(tmp_path, world.family, changed).matrices, same.matrices)


def _fitted(folder: Path, family: str, prompts: list[str]) -> Translators:
    plan = made(folder, family, prompts)
    LinearLensPlan(plan).make((TRANSLATORS, QUALITY), Progress())
    return Translators.of_table(plan.lake.read(plan.model, TRANSLATORS))


def test_layers_fitted_one_by_one_are_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "MOST_BYTES", 1)
    before = world.translators
    LinearLensPlan(world.plan).make((TRANSLATORS, QUALITY), Progress())
    assert torch.equal(world.translators.matrices, before.matrices)


def test_sinks_are_left_out(world: World) -> None:
    lake, atlas = world.lake, world.plan.model
    before, tokens = world.translators, lake.read(atlas, "tokens")
    sinks = pa.array(tokens["position"].to_numpy() == 0)
    place = tokens.schema.get_field_index("sink")
    told = tokens.set_column(place, tokens.schema.field("sink"), sinks)
    note = lake.meta(atlas, "tokens")
    assert note
    lake.write(atlas, "tokens", told, note["fingerprint"])
    try:
        LinearLensPlan(world.plan).make((TRANSLATORS, QUALITY), Progress())
        quality = lake.read(atlas, QUALITY).to_pylist()
        without = world.translators
    finally:
        lake.write(atlas, "tokens", tokens, note["fingerprint"])
        LinearLensPlan(world.plan).make((TRANSLATORS, QUALITY), Progress())
    assert not torch.equal(without.matrices, before.matrices)
    assert quality[0]["n_tokens"] == lake.read(atlas, QUALITY)["n_tokens"][0].as_py() - 8
    assert torch.equal(world.translators.matrices, before.matrices)


def test_what_neurons_promote_is_read_through_the_maps(world: World) -> None:
    maps, model = world.translators.matrices.double().numpy(), world.model
    found = world.lake.read(world.plan.model, VOCABULARY).to_pylist()
    shape = world.lake.read(world.plan.model, "atlases").to_pylist()[0]
    k = world.plan.settings.vocabulary_k
    assert len(found) == shape["n_layers"] * shape["n_neurons"] * 2 * k
    unembedding = model.get_output_embeddings().weight.detach().double().numpy()
    for row in found[::37]:
        projection = world.blocks[row["layer"]].get_submodule(families.PLACES[world.family][1])
        down = projection.weight.detach().double().numpy()
        # transformers' Conv1D, which GPT-2 has, holds a neuron's weights as a row
        vector = down[row["neuron"]] if world.family == "gpt2" else down[:, row["neuron"]]
        if row["layer"] < len(maps):
            vector = vector @ maps[row["layer"]]
        scores = unembedding @ vector
        assert scores[row["token_id"]] == pytest.approx(row["score"], abs=1e-4)
        best = np.sort(row["sign"] * scores)[::-1][row["rank"] - 1]
        assert row["sign"] * row["score"] == pytest.approx(best, abs=1e-4)


def test_what_is_stale(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = LinearLensPlan(world.plan)
    assert plans.stale(plan) == []
    monkeypatch.setattr(LinearLensPlan, "version", LinearLensPlan.version + 1)
    assert plans.stale(plan) == list(LENSES)


def test_other_maps_leave_no_reading(world: World) -> None:
    live = LiveAtlas.of(world.lake, world.plan.model.key, Progress())
    live.reading(lazy_lens.prompt_of(world.lake, world.plan.model, 3), "linear", Progress())
    assert not lazy_lens.waits(world.lake, world.plan.model, 3, "linear")
    LinearLensPlan(world.plan).make(LENSES, Progress())
    assert lazy_lens.waits(world.lake, world.plan.model, 3, "linear")
    assert world.lake.damage(world.plan.model, lazy_lens.READINGS) is None


def test_too_few_prompts_have_empty_tables(tmp_path: Path) -> None:
    plan = made(tmp_path, "gpt2", texts()[:2])
    LinearLensPlan(plan).make(LENSES, Progress())
    assert plan.lake.read(plan.model, TRANSLATORS).num_rows == 0
    assert plan.lake.read(plan.model, QUALITY).num_rows == 0
    assert plan.lake.read(plan.model, VOCABULARY).num_rows == 0
    assert plans.stale(LinearLensPlan(plan)) == []
    live = LiveAtlas.of(plan.lake, plan.model.key, Progress())
    with pytest.raises(KnError, match="too few prompts"):
        live.translators()
