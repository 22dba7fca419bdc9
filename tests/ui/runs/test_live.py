"""A text of the corpus run live equals the atlas' own rows; runs are queued, limited and safe."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.live.model import LiveModel, plan_of
from kn_assets.live.process import LiveProcess
from kn_assets.live.prompt import LivePrompt
from kn_assets.processes import Stopped
from kn_assets.progress import Progress
from tests.ui.asking import finished
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.pack import unpack
from ui.runs.limits import LiveLimits
from ui.runs.live import Live
from ui.runs.remembered import LiveRuns

KEY = "tiny"


@pytest.fixture(scope="module")
def model(live_lake: Lake) -> LiveModel:
    return LiveModel.of(live_lake, KEY, Progress())


@pytest.fixture(scope="module")
def atlas(live_lake: Lake) -> Iterator[Database]:
    database = Database(live_lake)
    yield database
    database.close()


def texts(database: Database) -> list[tuple[int, str]]:
    return database.cursor().execute("SELECT prompt_id, text FROM prompts ORDER BY 1").fetchall()


def test_a_text_of_the_corpus_gives_the_atlas_own_rows(model: LiveModel, atlas: Database) -> None:
    cut = 0
    for prompt, text in texts(atlas):

        def rows(table: str, columns: str, order: str, prompt: int = prompt) -> dict[str, Any]:
            return (
                atlas.cursor()
                .execute(
                    f"SELECT {columns} FROM {table} WHERE prompt_id = {prompt} ORDER BY {order}"
                )
                .fetchnumpy()
            )

        tokens = rows("tokens", "token", "position")["token"].tolist()
        found = model.run(text, Progress(), longest=len(tokens))
        assert found.tokens == tokens
        cut += found.n_whole > len(tokens)
        fired = rows("activations", "*", "position, layer, neuron")
        assert len(fired["neuron"]) > 0
        for name in ("position", "layer", "neuron"):
            assert np.array_equal(getattr(found, name), fired[name]), name
        assert np.allclose(found.activation, fired["activation"], rtol=1e-5, atol=1e-6)
        lens = rows("logit_lens", "*", "position, layer, rank")
        assert [found.words[i] for i in found.lens_ids.ravel()] == lens["token"].tolist()
        assert np.allclose(found.lens_probabilities.ravel(), lens["probability"], atol=1e-6)
        ranks = np.ma.filled(lens["next_rank"], 0).reshape(found.lens_ids.shape)[..., 0]
        assert np.array_equal(found.next_rank, ranks)
        following = np.ma.filled(lens["next_probability"].astype(float), np.nan)
        following = following.reshape(found.lens_ids.shape)[..., 0]
        assert np.allclose(found.next_probability, following, atol=1e-6, equal_nan=True)
        attention = rows("attention", "weight", "layer, position, source_position")["weight"]
        assert np.abs(found.attention.ravel() / 65536 - attention).max() <= 1 / 65536
    assert cut > 0


def test_a_prompt_survives_its_way_between_processes(model: LiveModel) -> None:
    found = model.run("Kabul `<b>${1}` \u202e東京", Progress())
    again = LivePrompt.from_bytes(found.to_bytes())
    assert vars(again).keys() == vars(found).keys()
    for name, value in vars(found).items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(getattr(again, name), value, equal_nan=value.dtype.kind == "f")
        else:
            assert getattr(again, name) == value


def test_a_long_text_is_cut_at_the_models_context(model: LiveModel) -> None:
    found = model.run("Kabul " * 500, Progress())
    assert len(found.tokens) == model.loaded.parts.context < found.n_whole


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\u202e\u0301", "<|endoftext|>", "<script>"])
def test_any_text_can_be_run(model: LiveModel, text: str) -> None:
    found = model.run(text, Progress())
    json.dumps([found.tokens, found.words], ensure_ascii=False).encode()
    assert len(found.tokens) > 0


def test_torch_waits_for_a_run(live_lake: Lake) -> None:
    asked = (
        "import sys, ui.app; from kn_assets.lake import Lake; "
        "from kn_assets.live.model import plan_of; "
        f"plan_of(Lake({str(live_lake.root)!r}), {KEY!r}); "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_model_that_is_not_here_is_named(lake: Lake, live_lake: Lake) -> None:
    with pytest.raises(KnError, match=r"atlas tiny is not on this machine.*kn run --model tiny"):
        plan_of(lake, "tiny")
    assert Live(live_lake).missing(KEY) is None
    assert "kn run --model" in str(Live(lake).missing("other@step10"))


# -- the process, and jobs that use it -------------------------------------------------------------


@pytest.fixture(scope="module")
def api(live_lake: Lake) -> Iterator[Api]:
    limits = LiveLimits(tokens=20, characters=100, seconds=120)
    api = Api(Context(live_lake, live_limits=limits), TABS)
    yield api
    api.context.close()


def test_a_dead_process_is_told_and_replaced(live_lake: Lake) -> None:
    process, idle = LiveProcess(live_lake), LiveProcess(live_lake, idle_s=0.0)
    with pytest.raises(KnError, match=r"longer than 0.01 s .*shorter text"):
        process.run(KEY, "Kabul", None, 0.01, lambda *_: None)
    idle._child.start()
    dead = idle._child._running
    assert dead is not None
    assert dead.process.wait(60) == 0  # nobody asked
    process._child._running = dead
    steps: list[tuple[str, int, int]] = []
    found = process.run(KEY, "Kabul is", None, 120, lambda *step: steps.append(step))
    layers = len(found.thresholds)
    assert steps[0][0] == "loading the model"
    assert steps[-layers:] == [("layers", done, layers) for done in range(1, layers + 1)]
    process.close()


def test_a_stopped_run_leaves_the_model_loaded(live_lake: Lake, model: LiveModel) -> None:
    process, stop = LiveProcess(live_lake), threading.Event()
    steps: list[str] = []

    def tell(words: str, done: int, of: int) -> None:
        steps.append(words)
        if words == "layers":
            stop.set()

    process.run(KEY, "Kabul", None, 120, lambda *_: None)
    started = process._child._running
    # Repeated, since a run of a tiny model may end before it hears of its end.
    for _ in range(50):
        stop.clear()
        try:
            process.run(KEY, "Kabul is the capital " * 5, None, 120, tell, stop)
        except Stopped:
            break
    else:
        raise AssertionError("no run was stopped")
    steps.clear()
    again = process.run(KEY, "Kabul", None, 120, lambda words, *_: steps.append(words))
    assert again.tokens == model.run("Kabul", Progress()).tokens
    assert process._child._running is started
    assert "loading the model" not in steps
    process.close()


def test_runs_are_remembered(api: Api, model: LiveModel) -> None:
    text = "Kabul is the capital of a country"
    sent = finished(api, "text", model=KEY, text=text)["result"]["prompt"]
    wanted = model.run(text, Progress(), 20)
    assert sent["tokens"] == wanted.tokens
    assert np.allclose(np.sort(unpack(sent["fired"]["activation"])), np.sort(wanted.activation))
    ticket, again = api.start("text", {"model": KEY, "text": text}, "me")
    assert ticket is None  # at once: nothing was queued
    assert json.loads(again)["result"]["prompt"] == sent
    layer, neuron = int(wanted.layer[-1]), int(wanted.neuron[-1])
    live = api.context.live
    weighted = live.attention(sent["prompt"]["live"], layer, neuron)
    assert unpack(weighted["weights"]).tolist() == wanted.attention[layer].tolist()
    fired = {p: a for p, a in enumerate(weighted["activations"]) if a is not None}
    here = (wanted.layer == layer) & (wanted.neuron == neuron)
    assert list(fired) == wanted.position[here].tolist()
    with pytest.raises(KnError, match="no longer remembered"):
        live.attention("0" * 32, 0, 0)


def test_why_a_text_was_cut_is_said(api: Api, model: LiveModel) -> None:
    short = finished(api, "text", model=KEY, text="Kabul")["result"]["prompt"]
    assert short["missing"] == {}
    long = finished(api, "text", model=KEY, text="a b " * 24)["result"]["prompt"]
    whole = long["prompt"]["n_whole"]
    assert whole > 20
    words = long["missing"]["rest"]
    assert words.startswith(f"Only the first 20 of this text's {whole} tokens")
    assert "others use" in words
    free = LiveRuns(None)
    assert "context" in free.missing(model.longest, model.longest + 1)["rest"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, "no atlas ''"),
        ({"model": "../x", "text": "a"}, "no atlas '../x'"),
        ({"model": KEY, "text": 5}, "text must be a text"),
        ({"model": KEY, "text": " \n"}, "no text"),
        ({"model": KEY, "text": "a" * 101}, "100 or fewer"),
    ],
)
def test_what_a_browser_sends_is_checked(api: Api, asked: object, words: str) -> None:
    ticket, state = api.start("text", asked, "me")
    assert ticket is None
    assert words in json.loads(state)["error"]


def test_thresholds_decide_what_fired(live_lake: Lake, model: LiveModel, tmp_path: Path) -> None:
    found = model.run("Kabul is the capital", Progress())
    assert (np.abs(found.activation) >= model.thresholds[found.layer]).all()
    higher = LiveModel(model.loaded, model.thresholds * 2, model.sink_norms).run(
        "Kabul is the capital", Progress()
    )
    assert (
        0
        < len(higher.activation)
        == (np.abs(found.activation) >= 2 * model.thresholds[found.layer]).sum()
        < len(found.activation)
    )
