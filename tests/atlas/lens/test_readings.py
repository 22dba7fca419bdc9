"""What other lenses than the logit lens read of a prompt, against plain passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.atlas import lazy_lens
from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.live.atlas import LiveAtlas
from kn_assets.progress import Progress
from tests.atlas.lens.linear_world import World, made, texts
from tests.models import tiny


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
