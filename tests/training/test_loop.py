"""Whole runs at a tiny size: their checkpoints, their log, their weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from kn_assets.errors import KnError
from kn_assets.knowledge.facts import tables
from kn_assets.knowledge.questions import ask
from kn_assets.lake import Lake
from kn_assets.models.load import load
from kn_assets.models.source import resolve
from kn_assets.training import checkpoints, train, unfinished
from kn_assets.training.network import new_tokenizer
from kn_assets.training.settings import _MOST as limits
from kn_assets.training.text import MEASURED, Text
from tests.training.tiny_run import TINY, rows, same_weights


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
    marked = [r for r in log if "known_trained" in r]
    assert {0, 8, 16, 24} <= {r["step"] for r in marked}
    assert all(0 <= r["known_trained"] <= 1 and 0 <= r["known_held_out"] <= 1 for r in marked)
    assert marked[-1]["n_facts"] > marked[0]["n_facts"] == 10  # all facts at the end


def test_single_facts_are_measured_as_they_are_learned(done: Lake) -> None:
    header, *measured = (
        json.loads(line)
        for line in (done.models / "tiny" / "learning.jsonl").read_text().splitlines()
    )
    log = [row for row in rows(done.models / "tiny") if "known_trained" in row]
    assert [row["step"] for row in measured] == [row["step"] for row in log]
    assert len(header["facts"]) == TINY.sample
    # Asked anew of the last checkpoint, by plain transformers.
    model = AutoModelForCausalLM.from_pretrained(done.models / "tiny" / "step24")
    tokenizer = AutoTokenizer.from_pretrained(done.models / "tiny" / "step24")
    facts = Text.of(TINY.cities, TINY.seed).facts
    place = {(f.subject, f.object): i for i, f in enumerate(facts) if f.relation == MEASURED}
    asked = [place[tuple(fact)] for fact in header["facts"]]
    questions = {(q.fact_id, q.prompt): q for q in ask(tokenizer, *tables(facts), asked).asked}
    for at, fact in enumerate(asked):
        question = questions[fact, len(facts[fact].prompts) - 1]
        with torch.no_grad():
            p = model(torch.tensor([question.ids])).logits[0, -1].softmax(-1)[question.answer]
        assert measured[-1]["held_out"][at] == pytest.approx(p.item(), abs=2e-5)
    assert len({row["trained"][0] for row in measured}) > 1


def test_nothing_is_left_of_unfinished_work(done: Lake) -> None:
    names = {p.name for p in (done.models / "tiny").iterdir()}
    steps = {f"step{s}" for s in TINY.checkpoint_steps()}
    assert names == steps | {"training.json", "training.jsonl", "learning.jsonl"}


def test_the_same_seed_gives_the_same_weights_and_another_others(
    done: Lake, tmp_path: Path
) -> None:
    again = train(TINY, Lake(tmp_path / "again"))
    assert same_weights(again / "step24", done.models / "tiny" / "step24")
    other = train(replace(TINY, seed=1, steps=2), Lake(tmp_path / "other"))
    assert not same_weights(other / "step0", done.models / "tiny" / "step0")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "a/b"}, "can't name a model"),
        ({"corpus": "wikipedia"}, "has no training text"),
        ({"steps": 0}, "--steps must be at least 1"),
        ({"cities": 0}, "--cities must be at least 1"),
        ({"context": 8}, "--context must be at least 32"),
        ({"measure_every": 0}, "--measure-every must be at least 1"),
        ({"heads": 5}, "multiple of --heads"),
        ({"lr": 2.0}, "--lr must lie"),
        ({"weight_decay": 1e4}, "--weight-decay must be a number up to 1"),
        ({"weight_decay": float("nan")}, "--weight-decay must be a number"),
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(KnError, match=said):
        train(replace(TINY, **wrong), Lake(tmp_path))
    assert not (tmp_path / "models").exists()


def test_a_run_that_diverges_ends_with_the_checkpoints_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits, "weight_decay", 1e9)
    lake = Lake(tmp_path)
    wild = replace(TINY, lr=0.9, weight_decay=1e4, warmup=1, steps=60, checkpoints=4, name="wild")
    for _ in range(2):
        with pytest.raises(KnError, match=r"diverged: .* Checkpoints up to step 1 are kept"):
            train(wild, lake)
        assert [c.step for c in checkpoints(lake, "wild")][:2] == [0, 1]
        load(resolve(f"{lake.models}/wild@step1"), lake)
        assert all(row.get("known_trained", 0) < 0.5 for row in rows(lake.models / "wild"))
    assert "diverged after step" in str(unfinished(lake, "wild"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KnError, match="no CUDA device"):
        train(replace(TINY, device="cuda"), Lake(tmp_path))
    with pytest.raises(KnError, match="--device must be one of auto, cpu, cuda"):
        train(replace(TINY, device="tpu"), Lake(tmp_path))
