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
from kn_assets.live.process import _start
from kn_assets.live.prompt import LivePrompt
from kn_assets.progress import Progress
from ui.pack import unpack
from ui.runs.live import Live
from ui.runs.queue import LiveLimits

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


# -- the process and the queue ---------------------------------------------------------------------


def told(answers: Iterator[str]) -> list[dict[str, Any]]:
    return [json.loads(a) for a in answers]


@pytest.fixture(scope="module")
def live(live_lake: Lake) -> Iterator[Live]:
    live = Live(live_lake, LiveLimits(tokens=20, characters=100, seconds=120))
    yield live
    live.close()


def test_a_dead_process_is_told_and_replaced(live: Live) -> None:
    process = live._process
    process.close()
    with pytest.raises(KnError, match=r"longer than 0.01 s .*shorter text"):
        process.run(KEY, "Kabul", None, 0.01, lambda *_: None)
    process._process = dead = _start(process._lake, idle_s=0.0)
    assert dead.wait(60) == 0  # nobody asked
    steps: list[tuple[str, int, int]] = []
    found = process.run(KEY, "Kabul is", None, 120, lambda *step: steps.append(step))
    layers = len(found.thresholds)
    assert steps[0][0] == "loading the model"
    assert steps[-layers:] == [("layers", done, layers) for done in range(1, layers + 1)]


def test_runs_are_remembered(live: Live, model: LiveModel) -> None:
    text = "Kabul is the capital of a country"
    *_, last = told(live.run({"model": KEY, "text": text, "ask": 7}, "me"))
    sent, wanted = last["prompt"], model.run(text, Progress(), 20)
    assert last["ask"] == 7
    assert sent["tokens"] == wanted.tokens
    assert np.allclose(np.sort(unpack(sent["fired"]["activation"])), np.sort(wanted.activation))
    (again,) = told(live.run({"model": KEY, "text": text}, "me"))  # at once: no step before it
    assert again["prompt"] == sent
    layer, neuron = int(wanted.layer[-1]), int(wanted.neuron[-1])
    weighted = live.attention(sent["prompt"]["live"], layer, neuron)
    assert unpack(weighted["weights"]).tolist() == wanted.attention[layer].tolist()
    fired = {p: a for p, a in enumerate(weighted["activations"]) if a is not None}
    here = (wanted.layer == layer) & (wanted.neuron == neuron)
    assert list(fired) == wanted.position[here].tolist()
    with pytest.raises(KnError, match="no longer remembered"):
        live.attention("0" * 32, 0, 0)


def test_why_a_text_was_cut_is_said(live: Live, model: LiveModel) -> None:
    *_, short = told(live.run({"model": KEY, "text": "Kabul"}, "me"))
    assert short["prompt"]["missing"] == {}
    *_, long = told(live.run({"model": KEY, "text": "a b " * 24}, "me"))
    whole = long["prompt"]["prompt"]["n_whole"]
    assert whole > 20
    words = long["prompt"]["missing"]["rest"]
    assert words.startswith(f"Only the first 20 of this text's {whole} tokens")
    assert "others use" in words
    free = Live(live._lake, LiveLimits())
    assert "context" in free._runs.missing(model.longest, model.longest + 1)["rest"]
    free.close()


class Held:
    """Stands in for the process: a run goes on until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.running = self.most = 0

    def run(self, key: str, text: str, longest: Any, timeout_s: float, tell: Any) -> LivePrompt:
        self.running += 1
        self.most = max(self.most, self.running)
        tell("layers", 1, 3)
        assert self.go.wait(60)
        self.running -= 1
        raise KnError(f"{text} was run")

    def close(self) -> None:
        self.go.set()


def test_one_at_a_time_and_the_others_are_told(live_lake: Lake) -> None:
    live = Live(live_lake, LiveLimits(waiting=2, a_minute=2))
    live._process = held = Held()  # type: ignore[assignment]
    first = live.run({"model": KEY, "text": "one"}, "a")
    second = live.run({"model": KEY, "text": "two"}, "b")
    third = live.run({"model": KEY, "text": "three"}, "c")
    assert json.loads(next(first))["done"] == 1
    assert json.loads(next(second))["waiting"] == 1
    assert json.loads(next(third))["waiting"] == 2
    assert "wait for it" in told(live.run({"model": KEY, "text": "four"}, "a"))[0]["error"]
    assert "waiting already" in told(live.run({"model": KEY, "text": "five"}, "d"))[0]["error"]
    second.close()  # its page is gone
    assert json.loads(next(third))["waiting"] == 1
    held.go.set()
    assert told(first)[-1]["error"] == "one was run"
    assert told(third)[-1]["error"] == "three was run"
    assert told(live.run({"model": KEY, "text": "six"}, "a"))[-1]["error"] == "six was run"
    assert "texts a minute" in told(live.run({"model": KEY, "text": "seven"}, "a"))[0]["error"]
    assert held.most == 1
    live.close()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, "no atlas ''"),
        ({"model": "../x", "text": "a"}, "no atlas '../x'"),
        ({"model": KEY, "text": 5}, "no text"),
        ({"model": KEY, "text": " \n"}, "no text"),
        ({"model": KEY, "text": "a" * 101}, "100 or fewer"),
    ],
)
def test_what_a_browser_sends_is_checked(live: Live, asked: object, words: str) -> None:
    (answer,) = told(live.run(asked, "me"))
    assert words in answer["error"]


def test_thresholds_decide_what_fired(live_lake: Lake, model: LiveModel, tmp_path: Path) -> None:
    found = model.run("Kabul is the capital", Progress())
    assert (np.abs(found.activation) >= model.thresholds[found.layer]).all()
    higher = LiveModel(model.loaded, model.thresholds * 2).run("Kabul is the capital", Progress())
    assert (
        0
        < len(higher.activation)
        == (np.abs(found.activation) >= 2 * model.thresholds[found.layer]).sum()
        < len(found.activation)
    )
