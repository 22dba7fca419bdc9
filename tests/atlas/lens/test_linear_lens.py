"""The linear lens of tiny models, against NumPy and plain passes of transformers' own model.

A plain pass that tells what a stream would be read as puts that stream in the place of the last
block's output: final norm, head and all that an architecture adds are the model's own then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM

from kn_assets import lake as lakes
from kn_assets.atlas import lazy_lens
from kn_assets.atlas import linear_lens as plan_module
from kn_assets.atlas.extract import extract
from kn_assets.atlas.lens import fitting
from kn_assets.atlas.lens.shares import Shares
from kn_assets.atlas.lens.translators import Translators
from kn_assets.atlas.linear_lens import LENSES, QUALITY, TRANSLATORS, LinearLensPlan
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import plan as plans
from kn_assets.lake.schema import TABLES
from kn_assets.live.atlas import LiveAtlas
from kn_assets.progress import Progress
from tests.models import families, tiny

FAMILIES = ("gpt2", "llama")
MADE = ("atlases", "thresholds", "tokens", "neurons")
WORDS = ("Kabul", "city", "the", "of", "capital", "is", "Afghanistan", "a", "and", "well")
SEED = 0


def texts() -> list[str]:
    """Forty texts of words in an order of their own."""
    rng = np.random.default_rng(3)
    return [" ".join(rng.choice(WORDS, 9)) for _ in range(40)]


def made(folder: Path, family: str, prompts: list[str]) -> AtlasPlan:
    """An atlas of some prompts and a tiny model of a family."""
    lake = Lake(folder / "lake")
    if not (folder / "model").exists():
        tiny.save(folder / "model", family)
    (folder / "few.jsonl").write_text("{}")
    ids = np.arange(len(prompts))
    table = pa.table([ids.astype(np.int32), ids, prompts], schema=TABLES["prompts"].schema)
    lake.write(lakes.corpus("few"), "prompts", table, f"made of {hash(tuple(prompts))}")
    settings = AtlasSettings(
        corpus=str(folder / "few.jsonl"), model=str(folder / "model"), density=0.1, dtype="float32",
        seed=SEED, tokens=20,
    )  # fmt: skip
    plan = AtlasPlan(lake, settings.checked())
    extract(plan, MADE, Progress())
    return plan


@dataclass
class World:
    """An atlas with its linear lens, and transformers' own model."""

    plan: AtlasPlan
    model: Any
    family: str

    @property
    def lake(self) -> Lake:
        return self.plan.lake

    @property
    def translators(self) -> Translators:
        return Translators.of_table(self.lake.read(self.plan.model, TRANSLATORS))

    @property
    def blocks(self) -> list[Any]:
        return list(self.model.get_submodule(families.PLACES[self.family][0]))

    def tokens(self) -> dict[int, tuple[list[int], np.ndarray]]:
        """Ids and sinks of each prompt."""
        rows = self.lake.read(self.plan.model, "tokens").to_pylist()
        return {
            p: (
                [r["token_id"] for r in rows if r["prompt_id"] == p],
                np.array([r["sink"] for r in rows if r["prompt_id"] == p]),
            )
            for p in sorted({r["prompt_id"] for r in rows})
        }

    def streams(self, ids: list[int]) -> np.ndarray:
        """[layers, T, d_model], by hooks on each block."""
        found: list[np.ndarray] = []
        hooks = [
            b.register_forward_hook(lambda _m, _i, o: found.append(first(o)[0].numpy()))
            for b in self.blocks
        ]
        with torch.no_grad():
            self.model(torch.tensor([ids]), use_cache=False)
        for hook in hooks:
            hook.remove()
        return np.stack(found).astype(np.float64)

    def read(self, ids: list[int], stream: np.ndarray | None = None) -> np.ndarray:
        """Log-probabilities [T, vocabulary] where the last block puts out `stream` [T, d_model]."""

        def put(_m: Any, _i: Any, output: Any) -> Any:
            given = torch.from_numpy(stream).float()[None]
            return (given, *output[1:]) if isinstance(output, tuple) else given

        hook = None if stream is None else self.blocks[-1].register_forward_hook(put)
        with torch.no_grad():
            logits = self.model(torch.tensor([ids]), use_cache=False).logits[0].double()
        if hook:
            hook.remove()
        return logits.log_softmax(-1).numpy()


def first(output: Any) -> torch.Tensor:
    return output[0] if isinstance(output, tuple) else output


@pytest.fixture(scope="module", params=FAMILIES)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp(request.param)
    plan = made(folder, request.param, texts())
    LinearLensPlan(plan).make(LENSES, Progress())
    model = AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32).eval()
    return World(plan, model, request.param)


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


# -- readings --------------------------------------------------------------------------------------


def _rows(world: World, macro: str, prompt: int) -> list[dict[str, Any]]:
    database = Database(world.lake)
    try:
        sql = f"FROM {macro}('{world.plan.model.key}', {prompt})"
        found: list[dict[str, Any]] = database.cursor().sql(sql).to_arrow_table().to_pylist()
        return found
    finally:
        database.close()


def _check(rows: list[dict[str, Any]], ids: list[int], wanted: np.ndarray) -> None:
    """wanted: probabilities [layers, T, vocabulary]."""
    assert len(rows) == wanted.shape[0] * wanted.shape[1] * 5
    for row in rows:
        p = wanted[row["layer"], row["position"]]
        assert abs(row["probability"] - p[row["token_id"]]) < 1e-4
        assert abs(row["probability"] - np.sort(p)[-row["rank"]]) < 1e-4
        told = row["next_probability"]
        following = p[ids[row["position"] + 1]] if row["position"] + 1 < len(ids) else None
        assert told == (following if following is None else pytest.approx(following, abs=1e-4))


def test_what_the_linear_lens_reads(world: World) -> None:
    live = LiveAtlas.of(world.lake, world.plan.model.key, Progress())
    prompt = lazy_lens.prompt_of(world.lake, world.plan.model, 7)
    assert lazy_lens.waits(world.lake, world.plan.model, 7, "linear")
    told = live.reading(prompt, "linear", Progress())
    assert not lazy_lens.waits(world.lake, world.plan.model, 7, "linear")
    assert lazy_lens.waits(world.lake, world.plan.model, 7, "middle")
    ids, _ = world.tokens()[7]
    streams, maps = world.streams(ids), world.translators
    translated = [
        streams[0] @ maps.matrices[0].double().numpy() + maps.constants[0].double().numpy(),
        streams[1] @ maps.matrices[1].double().numpy() + maps.constants[1].double().numpy(),
        streams[2],
    ]
    wanted = np.exp([world.read(ids, s) for s in translated])
    _check(_rows(world, "linear_lens", 7), ids, wanted)
    assert _rows(world, "middle_lens", 7) == []
    np.testing.assert_allclose(wanted[2], np.exp(world.read(ids)), atol=1e-6)
    np.testing.assert_allclose(told.probabilities[:, :, 0].T, wanted.max(-1), atol=1e-4)
    words = [live.model.words[i] for i in wanted[0].argmax(-1)]
    assert [told.words[i] for i in told.ids[:, 0, 0]] == words


def test_what_is_read_between_attention_and_mlp(world: World) -> None:
    norm = {"gpt2": "ln_2", "llama": "post_attention_layernorm"}[world.family]
    entered: list[np.ndarray] = []
    hooks = [
        b.get_submodule(norm).register_forward_pre_hook(
            lambda _m, i: entered.append(i[0][0].numpy())
        )
        for b in world.blocks
    ]
    ids, _ = world.tokens()[9]
    with torch.no_grad():
        world.model(torch.tensor([ids]), use_cache=False)
    for hook in hooks:
        hook.remove()
    live = LiveAtlas.of(world.lake, world.plan.model.key, Progress())
    live.reading(lazy_lens.prompt_of(world.lake, world.plan.model, 9), "middle", Progress())
    wanted = np.exp([world.read(ids, s) for s in entered])
    _check(_rows(world, "middle_lens", 9), ids, wanted)


def test_of_a_text_nothing_is_kept(world: World) -> None:
    live = LiveAtlas.of(world.lake, world.plan.model.key, Progress())
    before = world.lake.files(world.plan.model, lazy_lens.READINGS)
    asked = {"do": "reading", "lens": "middle", "prompt": None, "text": "Kabul is", "longest": 3}
    assert live.answer(asked, Progress())
    assert world.lake.files(world.plan.model, lazy_lens.READINGS) == before


@pytest.mark.parametrize("family", ["gemma2", "opt_post_norm"])
def test_blocks_that_do_more_are_refused(family: str, tmp_path: Path) -> None:
    tiny.save(tmp_path / "model", family)
    plan = made(tmp_path, family, texts()[:4])
    live = LiveAtlas.of(plan.lake, plan.model.key, Progress())
    prompt = lazy_lens.prompt_of(plan.lake, plan.model, 0)
    with pytest.raises(KnError, match="nothing that the lens could read"):
        live.reading(prompt, "middle", Progress())


# -- as a plan -------------------------------------------------------------------------------------


def test_what_is_stale(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = LinearLensPlan(world.plan)
    assert plans.stale(plan) == []
    monkeypatch.setattr(plan_module, "VERSION", plan_module.VERSION + 1)
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
    assert plans.stale(LinearLensPlan(plan)) == []
    live = LiveAtlas.of(plan.lake, plan.model.key, Progress())
    with pytest.raises(KnError, match="too few prompts"):
        live.translators()
