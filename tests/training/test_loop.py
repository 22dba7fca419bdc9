"""Whole runs at a tiny size, one of them killed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from kn_assets.errors import KnError
from kn_assets.knowledge.facts import TEMPLATES
from kn_assets.lake import Lake
from kn_assets.models.load import load
from kn_assets.models.source import resolve
from kn_assets.progress import Bar, Progress
from kn_assets.training import TrainSettings, checkpoints, train
from kn_assets.training.network import loss_of, new_model, new_optimizer, new_tokenizer
from kn_assets.training.text import Text, pack

TINY = TrainSettings(
    name="tiny",
    cities=40,
    steps=24,
    batch=6,
    layers=2,
    width=32,
    heads=2,
    context=48,
    vocabulary=400,
    checkpoints=6,
    warmup=4,
    sample=10,
    measure_every=8,
    save_every_s=0.0,
    threads=1,
)
_RUN = """
import json, sys
from contextlib import contextmanager
from kn_assets.lake import Lake
from kn_assets.progress import Progress
from kn_assets.training import TrainSettings, train

class TenSteps(Progress):
    left = 10

    @contextmanager
    def bar(self, *args, **more):
        yield self

    def advance(self, n=1):
        self.left -= n
        if not self.left:
            sys.stdin.read()  # so that the run is never over before it is killed

    def note(self, text):
        pass

train(TrainSettings(**json.loads(sys.argv[2])), Lake(sys.argv[1]), TenSteps())
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with a whole run."""
    lake = Lake(tmp_path_factory.mktemp("lake"))
    train(TINY, lake)
    return lake


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def same_weights(a: Path, b: Path) -> bool:
    one, other = (load_file(p / "model.safetensors") for p in (a, b))
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_checkpoints_load_as_models_with_their_tokenizer(done: Lake) -> None:
    steps = TINY.checkpoint_steps()
    found = checkpoints(done, "tiny")
    assert [c.step for c in found] == steps
    assert [c.source.key for c in found] == [f"tiny@step{s}" for s in steps]
    text = "The city of São Tomé is in Côte d'Ivoire, near 12 degrees north."
    for checkpoint in (found[0], found[-1]):
        loaded = load(checkpoint.source, done)
        ids = loaded.tokenizer(text)["input_ids"]
        assert loaded.tokenizer.decode(ids) == text
        assert len(loaded.tokenizer) == loaded.parts.vocab_size <= 400
        assert (loaded.parts.n_layers, loaded.parts.d_model) == (2, 32)


def test_the_tokenizer_is_the_one_that_was_trained(done: Lake) -> None:
    sentences = Text.of(TINY.cities, TINY.seed).epoch(0)
    made = new_tokenizer(sentences, TINY)
    kept = load(resolve(f"{done.models}/tiny@step0"), done).tokenizer
    assert kept(sentences)["input_ids"] == made(sentences)["input_ids"]
    assert made(sentences)["input_ids"] == [made.backend_tokenizer.encode(s).ids for s in sentences]


def test_the_log_tells_the_run(done: Lake) -> None:
    log = rows(done.models / "tiny")
    assert [r["step"] for r in log] == sorted({r["step"] for r in log})
    assert {0, 10, 20, *TINY.checkpoint_steps()} <= {r["step"] for r in log}
    for name in ("tokens", "seconds", "cpu_seconds"):
        values = [r[name] for r in log]
        assert values == sorted(values)
    assert log[0]["loss"] is None
    assert log[-1]["loss"] < log[1]["loss"] - 0.5
    assert max(r["lr"] for r in log) <= TINY.lr
    assert log[-1]["lr"] == 0
    marked = [r for r in log if "known" in r]
    assert {0, 8, 16, 24} <= {r["step"] for r in marked}
    assert all(0 <= r["known"] <= 1 and 0 <= r["known_unseen"] <= 1 for r in marked)
    assert marked[-1]["n_facts"] > marked[0]["n_facts"] == 10  # all facts at the end


def test_nothing_is_left_of_unfinished_work(done: Lake) -> None:
    names = {p.name for p in (done.models / "tiny").iterdir()}
    steps = {f"step{s}" for s in TINY.checkpoint_steps()}
    assert names == steps | {"training.json", "training.jsonl"}


def test_a_finished_run_is_left_as_it_is(done: Lake) -> None:
    before = {p: p.stat().st_mtime_ns for p in (done.models / "tiny").rglob("*")}
    assert train(replace(TINY, threads=2, sample=5), done) == done.models / "tiny"
    assert {p: p.stat().st_mtime_ns for p in (done.models / "tiny").rglob("*")} == before


def test_the_same_seed_gives_the_same_weights_and_another_others(
    done: Lake, tmp_path: Path
) -> None:
    again = train(TINY, Lake(tmp_path / "again"))
    assert same_weights(again / "step24", done.models / "tiny" / "step24")
    other = train(replace(TINY, seed=1, steps=2), Lake(tmp_path / "other"))
    assert not same_weights(other / "step0", done.models / "tiny" / "step0")


def test_a_killed_run_goes_on_and_ends_with_the_same_weights(done: Lake, tmp_path: Path) -> None:
    settings = json.dumps(asdict(TINY))
    folder = tmp_path / "models" / "tiny"
    seen = -1
    for _ in range(2):
        command = [sys.executable, "-c", _RUN, str(tmp_path), settings]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            try:
                seen = wait_for_log(process, folder, beyond=seen + 4)
            finally:
                process.kill()
        assert (folder / ".state.pt").exists()
        assert not (folder / "step24").exists()
    train(TINY, Lake(tmp_path))
    for step in TINY.checkpoint_steps():
        assert same_weights(folder / f"step{step}", done.models / "tiny" / f"step{step}")
    told, wanted = rows(folder), rows(done.models / "tiny")
    timeless = [{k: v for k, v in r.items() if "seconds" not in k} for r in told]
    assert timeless == [{k: v for k, v in r.items() if "seconds" not in k} for r in wanted]


def wait_for_log(process: subprocess.Popen[bytes], folder: Path, beyond: int) -> int:
    """Wait until the run has logged a step past `beyond`; returns that step."""
    while process.poll() is None:
        if (folder / "training.jsonl").exists():
            last = rows(folder)[-1]["step"]
            if last > beyond:
                return last
        time.sleep(0.01)
    raise AssertionError(f"the run ended before it could be killed: {process.returncode}")


def interrupted(root: Path) -> Lake:
    """A run that was stopped by an exception before the checkpoint of its last step."""
    lake = Lake(root)

    with pytest.raises(_Stop):
        train(TINY, lake, _Stopping())
    return lake


class _Stop(Exception):
    pass


class _Stopping(Progress):
    """Stops the run after twelve steps."""

    @contextmanager
    def bar(self, title: str, total: int, unit: str = "it", done: int = 0) -> Iterator[Bar]:
        yield _StoppingBar()


class _StoppingBar:
    left = 12

    def advance(self, n: int = 1) -> None:
        self.left -= n
        if self.left < 0:
            raise _Stop

    def note(self, text: str) -> None:
        assert "loss" in text
        assert "tokens/s" in text


def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    lake = interrupted(tmp_path)
    state = lake.models / "tiny" / ".state.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(KnError, match=r"state of the interrupted run is damaged .*remove"):
        train(TINY, lake)
    assert (lake.models / "tiny" / "step0").is_dir()


def test_a_lost_checkpoint_is_told(done: Lake, tmp_path: Path) -> None:
    lake = interrupted(tmp_path / "unfinished")
    shutil.rmtree(lake.models / "tiny" / "step1")
    with pytest.raises(KnError, match="step1 of tiny is missing"):
        train(TINY, lake)
    shutil.copytree(done.models, tmp_path / "whole" / "models")
    shutil.rmtree(tmp_path / "whole" / "models" / "tiny" / "step1")
    with pytest.raises(KnError, match="step1 of tiny is missing"):
        train(TINY, Lake(tmp_path / "whole"))


def test_other_settings_need_another_name(done: Lake) -> None:
    with pytest.raises(KnError, match="trained with another steps, lr"):
        train(replace(TINY, lr=1e-3, steps=30), done)


def test_other_wordings_need_another_name(done: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trained on lies outside the settings: a run never goes on with another text."""
    told = {**TEMPLATES, "city-country": (*TEMPLATES["city-country"], "{} is in")}
    monkeypatch.setattr("kn_assets.training.text.TEMPLATES", told)
    with pytest.raises(KnError, match="trained with another text"):
        train(TINY, done)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    (lake.models / "tiny").mkdir(parents=True)
    (lake.models / "tiny" / "precious.txt").write_text("mine")
    with pytest.raises(KnError, match="holds something else: give another --name"):
        train(TINY, lake)
    assert [p.name for p in (lake.models / "tiny").iterdir()] == ["precious.txt"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "a/b"}, "can't name a model"),
        ({"corpus": "wikipedia"}, "can't be trained on"),
        ({"steps": 0}, "--steps must be at least 1"),
        ({"cities": 0}, "--cities must be at least 1"),
        ({"context": 8}, "--context must be at least 32"),
        ({"measure_every": 0}, "--measure-every must be at least 1"),
        ({"heads": 5}, "multiple of --heads"),
        ({"lr": 2.0}, "--lr must lie"),
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(KnError, match=said):
        train(replace(TINY, **wrong), Lake(tmp_path))
    assert not (tmp_path / "models").exists()


def test_the_loss_of_packed_rows_is_that_of_the_sentences_alone() -> None:
    sentences = Text.of(10, 0).epoch(0)[:30]
    tokenizer = new_tokenizer(sentences, TINY)
    model = new_model(TINY, tokenizer)
    encoded = tokenizer(sentences)["input_ids"]
    packed = loss_of(model, pack(encoded, TINY.context, pad=0))
    total, n = torch.zeros(()), 0
    for ids in encoded:
        cut = torch.tensor([ids[: TINY.context]])
        alone = model(input_ids=cut, labels=cut).loss
        total += alone.detach() * (cut.shape[1] - 1)
        n += cut.shape[1] - 1
    assert packed.item() == pytest.approx(total.item() / n, rel=1e-5)


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    settings = replace(TINY, steps=10, warmup=4, lr=0.5)
    optimizer, schedule = new_optimizer(
        new_model(settings, new_tokenizer(["Kabul is a city in Afghanistan."], settings)), settings
    )
    rates = []
    for _ in range(settings.steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    wanted = [0.1, 0.2, 0.3, 0.4, 0.5, 5 / 12, 4 / 12, 3 / 12, 2 / 12, 1 / 12]
    assert rates == pytest.approx(wanted)
    assert schedule.get_last_lr()[0] == pytest.approx(0.0)
