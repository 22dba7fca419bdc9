"""Contributions and reads live, against GPT-2's own algebra and transformers' logits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.atlas.extract import extract
from kn_assets.atlas.lazy_lens import prompt_of
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.live import direct as module
from kn_assets.live.arrays import from_bytes
from kn_assets.live.direct import LiveDirect, packed
from kn_assets.live.notebook import open as open_lake
from kn_assets.live.target import LiveTarget
from kn_assets.processes import Stopped
from kn_assets.progress import Progress
from tests import small

KEY = "tiny"
NEXT = {"kind": "next"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    request = small.request(tmp_path_factory.mktemp("direct"))
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, {"atlases", "thresholds", "tokens", "activations"}, Progress())
    return request.lake


@pytest.fixture(scope="module")
def live(lake: Lake) -> LiveDirect:
    return LiveDirect.of(lake, KEY, Progress())


def asked(live: LiveDirect, target: object = NEXT, **more: Any) -> LiveTarget:
    none = packed(np.empty(0, np.int64), np.empty(0, np.int64))
    question = {"do": "target", "target": target, "against": None, "prompt": 2}
    question |= {"fired": none, "lens": True}
    return from_bytes(LiveTarget, live.answer({**question, **more}, Progress()))


def ids_of(live: LiveDirect, prompt: int) -> list[int]:
    found: list[int] = prompt_of(live.lake, live.atlas, prompt).ids.tolist()
    return found


def model_logits(live: LiveDirect, ids: list[int]) -> np.ndarray:
    with torch.no_grad():
        return live.loaded.model(torch.tensor([ids]), use_cache=False).logits[0].double().numpy()


def test_what_follows_is_told_at_every_position(live: LiveDirect) -> None:
    ids = ids_of(live, 2)
    found, logits = asked(live), model_logits(live, ids)
    n = len(ids)
    assert found.target_ids.tolist() == [*ids[1:], -1]
    texts = [live.loaded.tokenizer.decode([i]) for i in ids[1:]]
    shown = [w for w, text in zip(found.target_words, texts, strict=False) if "�" not in text]
    assert shown == [text for text in texts if "�" not in text]
    assert found.target_words[-1] is None
    assert found.against_words is None
    at = np.arange(n - 1)
    np.testing.assert_allclose(found.logit[:-1], logits[at, ids[1:]], atol=1e-4)
    p = torch.from_numpy(logits).softmax(-1).numpy()[at, ids[1:]]
    np.testing.assert_allclose(found.probability[:-1], p, atol=1e-6)
    np.testing.assert_allclose(found.text_log_probability, [*np.log(p), 0.0], atol=1e-5)
    ranks = (logits[at] >= logits[at, ids[1:]][:, None]).sum(1)
    assert found.rank.tolist() == [*ranks.tolist(), 0]
    np.testing.assert_array_equal(found.lens_rank[:, -1], found.rank)
    whole = found.embedding + found.mlp.sum(1) + found.attention.sum(1) + found.biases
    np.testing.assert_allclose(whole, found.logit, atol=1e-4)
    np.testing.assert_allclose(found.heads.sum(2), found.attention, atol=1e-5)
    for values in (found.logit, found.embedding, found.biases, found.mlp, found.heads):
        assert not values[-1].any()


def test_fired_neurons_come_in_the_order_asked_for(live: LiveDirect) -> None:
    """By GPT-2's algebra: activation times value vector, through final norm and unembedding."""
    ids, token = ids_of(live, 2), 17
    body, layers = live.loaded.model.transformer, live.loaded.parts.n_layers  # type: ignore[union-attr]
    activations: list[torch.Tensor] = []
    hooks = [
        block.mlp.c_proj.register_forward_pre_hook(lambda _m, a: activations.append(a[0][0]))
        for block in body.h
    ]
    last: list[torch.Tensor] = []
    hooks.append(body.ln_f.register_forward_pre_hook(lambda _m, a: last.append(a[0][0])))
    model_logits(live, ids)
    for hook in hooks:
        hook.remove()
    norm = body.ln_f
    scale = (last[0].var(1, correction=0) + norm.eps).sqrt()
    toward = live.loaded.model.lm_head.weight[token] * norm.weight  # type: ignore[union-attr]
    rng = np.random.default_rng(0)
    position, layer = rng.integers(len(ids), size=20), rng.integers(layers, size=20)
    neuron = rng.integers(live.loaded.parts.n_neurons, size=20)
    wanted = []
    for p, at, n in zip(position, layer, neuron, strict=True):
        vector = body.h[at].mlp.c_proj.weight[n]
        wanted.append(float(activations[at][p, n] * ((vector - vector.mean()) @ toward) / scale[p]))
    fired = packed(position * layers + layer, neuron)
    found = asked(live, {"kind": "token", "id": token}, fired=fired)
    np.testing.assert_allclose(found.fired, wanted, atol=1e-5)
    assert np.abs(found.fired).max() > 1e-3


def test_the_lens_may_be_left_out(live: LiveDirect) -> None:
    found, whole = asked(live, lens=False), asked(live)
    assert found.lens_rank is found.lens_probability is None
    np.testing.assert_array_equal(found.rank, whole.lens_rank[:, -1])
    np.testing.assert_array_equal(found.mlp, whole.mlp)


def test_the_answer_is_first_everywhere(live: LiveDirect) -> None:
    found = asked(live, {"kind": "answer"})
    assert found.rank.tolist() == [1] * len(found.rank)
    assert found.target_ids.tolist() == model_logits(live, ids_of(live, 2)).argmax(1).tolist()


def test_against_another_token_all_is_of_the_difference(live: LiveDirect) -> None:
    one, other = {"kind": "token", "token": " city"}, {"kind": "token", "id": 9}
    both, first, second = asked(live, one, against=other), asked(live, one), asked(live, other)
    assert set(first.target_words) == {" city"}
    assert both.against_words == second.target_words
    for name in ("logit", "mlp", "attention", "heads", "embedding", "biases"):
        apart = getattr(first, name) - getattr(second, name)
        np.testing.assert_allclose(getattr(both, name), apart, atol=1e-5)
    np.testing.assert_array_equal(both.rank, first.rank)
    # Nothing follows the last token: there is nothing to hold against anything.
    following = asked(live, NEXT, against={"kind": "answer"})
    assert following.target_words[-1] is following.against_words[-1] is None
    assert following.logit[-1] == 0
    assert following.logit[:-1].max() <= 0


def test_a_text_is_told_as_the_prompt_of_its_tokens(live: LiveDirect) -> None:
    text = live.loaded.tokenizer.decode(ids_of(live, 0))
    of_text = asked(live, text=text, prompt=None, longest=5)
    np.testing.assert_allclose(of_text.logit[:4], asked(live, prompt=0).logit[:4], atol=1e-5)
    assert len(of_text.logit) == 5


def test_reads_and_what_is_carried_on(live: LiveDirect) -> None:
    where = {"layer": 1, "neuron": 3, "position": 6}
    question = {"do": "reads", "prompt": 2, "target": NEXT, "against": None, **where}
    found = json.loads(live.answer(question, Progress()))
    (part,) = found["parts"]
    assert part["name"] == "input"
    assert len(part["sources"]) == 7
    np.testing.assert_allclose(np.sum(part["heads"], 0), part["sources"], atol=1e-6)
    whole = part["own"] + sum(part["sources"]) + part["biases"]
    assert whole == pytest.approx(part["value"], abs=1e-4)
    act = live.loaded.model.transformer.h[1].mlp.act  # type: ignore[union-attr]
    activation = float(act(torch.tensor(part["value"])))
    assert found["activation"] == pytest.approx(activation, abs=1e-6)
    assert found["parallel"] is False
    assert found["later"]
    assert found["later_refused"] is None
    for carried in found["later"]:
        assert carried["layer"] == 2
        assert carried["position"] >= 6


def test_a_prompt_is_run_once(live: LiveDirect, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(live, prompt=3)
    kept = live._passes[np.array(ids_of(live, 3), np.int64).tobytes()]
    asked(live, {"kind": "answer"}, prompt=3)
    assert list(live._passes.values())[-1] is kept
    monkeypatch.setattr(module, "_KEPT_BYTES", 1)
    asked(live, prompt=4)
    assert len(live._passes) == len(live._lenses) == 1


class Impatient(Progress):
    """Is stopped once one of three layers is done."""

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Any]:
        yield self

    def advance(self, n: int = 1) -> None:
        raise Stopped


@pytest.mark.parametrize("prompt", [1, 2])  # in the pass, and in the lens
def test_a_stopped_run_leaves_nothing(live: LiveDirect, prompt: int) -> None:
    live._lenses.clear()
    live._passes.pop(np.array(ids_of(live, 1), np.int64).tobytes(), None)
    asked(live, prompt=2, lens=False)
    question = {"do": "target", "prompt": prompt, "target": NEXT, "against": None, "lens": True}
    fired = packed(np.empty(0, np.int64), np.empty(0, np.int64))
    with pytest.raises(Stopped):
        live.answer({**question, "fired": fired}, Impatient())
    modules = live.loaded.parts.blocks[0].modules()
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in modules)
    found = asked(live, prompt=prompt)
    np.testing.assert_array_equal(found.lens_rank[:, -1], found.rank)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"prompt": 999}, "no prompt 999"),
        ({"target": {"kind": "token", "token": "Kabul is"}}, "is 3 tokens of this model"),
        ({"against": NEXT}, "held against"),
        ({"prompt": None, "text": " ", "longest": None, "target": "��"}, "tokens of this model"),
    ],
)
def test_bad_questions_are_told(live: LiveDirect, more: dict[str, Any], words: str) -> None:
    with pytest.raises(KnError, match=words):
        asked(live, **more)


def test_contributions_in_a_notebook(lake: Lake, live: LiveDirect, tmp_path: Path) -> None:
    opened = open_lake(lake.root)
    found = opened.contributions(KEY, 2, target=" city", against={"kind": "answer"})
    wanted = asked(live, " city", against={"kind": "answer"})
    np.testing.assert_allclose(found.logit, wanted.logit, atol=1e-6)
    shape = len(wanted.logit), live.loaded.parts.n_layers, live.loaded.parts.n_neurons
    assert found.neurons.shape == shape
    np.testing.assert_allclose(found.neurons.sum(2), wanted.mlp, atol=1e-4)
    assert partition(KEY) == live.atlas
    with pytest.raises(KnError, match="no prompt 999"):
        opened.contributions(KEY, 999)
    with pytest.raises(KnError, match="no atlas is called"):
        opened.contributions("nothing", 0)
