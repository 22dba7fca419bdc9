"""The real `from_pretrained` path against a stand-in hub, in processes of their own.

The hub's client library reads HF_ENDPOINT and HF_HOME when it is imported: so each test is one
process with an environment, which loads a few models in turn and reports each as a line of JSON.
All of them have one address and one cache, emptied for each test: the library is imported once.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from tests import forked

from . import tiny
from .stand_in_hub import StandInHub, commit, environment, kept_port, serving

_LOADER = """
import json, sys, time, torch
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models.available import available
from kn_assets.models.load import load
from kn_assets.models.source import resolve

torch.set_num_threads(1)
lake = Lake(sys.argv[1])
for name in sys.argv[2:]:
    if name == "--available":
        print(json.dumps([(a.source.key, a.source.ref, a.size > 0) for a in available(lake)]))
        continue
    try:
        loaded = load(resolve(name), lake)
    except KnError as e:
        print(json.dumps({"error": str(e)}))
        continue
    ids = loaded.tokenizer("Kabul is a city", return_tensors="pt").input_ids
    print(json.dumps({
        "key": loaded.source.key,
        "commit": loaded.commit,
        "ids": ids.tolist(),
        "sum": loaded.model(input_ids=ids).logits.double().sum().item(),
    }))
"""


@dataclass(frozen=True)
class Place:
    """Where the hub is asked for, whether or not it is there, and where its files are kept."""

    port: int
    home: Path
    lake: Path

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serving(self, hub: StandInHub) -> AbstractContextManager[StandInHub]:
        return serving(hub, self.port)

    def load(self, *names: str, **env: str) -> list[Any]:
        """What a process says of models that it loads one after the other."""
        out = forked.run(
            [sys.executable, "-c", _LOADER, str(self.lake), *names],
            env={**environment(self.endpoint, self.home), **env},
        )
        assert out.returncode == 0, out.stderr
        return [json.loads(line) for line in out.stdout.splitlines()]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    with kept_port() as port:
        forked.ASKED_OFTEN.add(f"http://127.0.0.1:{port}")
        yield port, tmp_path_factory.mktemp("hub")


@pytest.fixture
def place(held: tuple[int, Path], tmp_path: Path) -> Place:
    port, root = held
    shutil.rmtree(root / "hf", ignore_errors=True)
    return Place(port, root / "hf", tmp_path / "data")


@pytest.fixture
def hub(tmp_path: Path) -> StandInHub:
    first = tiny.save(tmp_path / "first", "gpt2", seed=1)
    second = tiny.save(tmp_path / "second", "gpt2", seed=2)
    bare = tmp_path / "bare"
    tiny.model("gpt2").save_pretrained(bare)
    return StandInHub(
        {
            "gpt2": {"main": first},
            "lab/small": {"main": second, "step0": first, "step1": second},
            "lab/gated": {"main": first},
            "lab/broken": {"main": first},
            "lab/bare": {"main": bare},
        },
        gated={"lab/gated"},
        broken={"lab/broken"},
    )


def expected_sum(seed: int) -> tuple[list[list[int]], float]:
    ids = tiny.tokenizer()("Kabul is a city", return_tensors="pt").input_ids
    with torch.no_grad():
        logits = tiny.model("gpt2", seed=seed)(input_ids=ids).logits
    return ids.tolist(), logits.double().sum().item()


def test_names_and_revisions(hub: StandInHub, place: Place) -> None:
    names = ("gpt2", "lab/small@step0", "lab/small@step1", "--available")
    with place.serving(hub):
        gpt2, step0, step1, there = place.load(*names)
    for found, seed in ((gpt2, 1), (step0, 1), (step1, 2)):
        ids, total = expected_sum(seed)
        assert found["ids"] == ids
        assert found["sum"] == pytest.approx(total, rel=1e-5)
    assert [f["key"] for f in (gpt2, step0, step1)] == ["gpt2", "small@step0", "small@step1"]
    assert gpt2["commit"] == commit("gpt2", "main")
    assert step1["commit"] == commit("lab/small", "step1")
    assert there == [
        ["gpt2", "gpt2", True],
        ["small@step0", "lab/small", True],
        ["small@step1", "lab/small", True],
    ]
    weights = [r for r in hub.requests if r.startswith("GET") and r.endswith("safetensors")]
    assert len(weights) == 3


def test_what_is_on_this_machine_needs_no_hub(hub: StandInHub, place: Place) -> None:
    with place.serving(hub):
        first, again = place.load("gpt2", "gpt2")
        fetched = [r for r in hub.requests if r.startswith("GET") and "/resolve/" in r]
        assert len(fetched) == len(set(fetched))
        hub.broken.add("gpt2")
        (broken,) = place.load("gpt2")
    # Nobody answers on the hub's port now.
    gone, other = place.load("gpt2", "lab/other")
    offline, unknown = place.load("gpt2", "lab/other", HF_HUB_OFFLINE="1")
    assert first == again == broken == gone == offline
    assert f"can't reach {hub.endpoint} for lab/other" in other["error"]
    assert "HF_HUB_OFFLINE is set" in unknown["error"]


def test_faults_are_said_in_one_line(hub: StandInHub, place: Place) -> None:
    names = ("lab/nowhere", "gpt2@step7", "lab/gated", "lab/broken", "lab/bare")
    with place.serving(hub):
        nowhere, revision, gated, broken, bare = (found["error"] for found in place.load(*names))
        (allowed,) = place.load("lab/gated", HF_TOKEN=hub.token)
    assert nowhere.startswith(f"there is no model lab/nowhere on {hub.endpoint}")
    assert revision.startswith("gpt2 has no revision step7")
    assert gated.startswith("lab/gated is gated: ask for access")
    assert broken.endswith("(HTTP 500): try again later")
    assert "tokenizer" in bare
    assert not any("\n" in line for line in (nowhere, revision, gated, broken, bare))
    assert allowed["ids"] == expected_sum(1)[0]


def test_a_closed_port_is_said_at_once(place: Place) -> None:
    (found,) = place.load("gpt2")
    assert found["error"].startswith(f"can't reach {place.endpoint} for gpt2")
    assert "embedded model" in found["error"]


def test_gpt2_by_name_with_its_own_vocabulary(place: Place, tmp_path: Path) -> None:
    folder = tiny.gpt2_bpe(tmp_path / "gpt2")
    tiny.model("gpt2", vocab_size=50257).save_pretrained(folder)
    with place.serving(StandInHub({"gpt2": {"main": folder}})):
        (found,) = place.load("gpt2")
    assert found["key"] == "gpt2"
    # K|abul| is| a| city in GPT-2's published vocabulary.
    assert found["ids"] == [[42, 16665, 318, 257, 1748]]


def test_an_adapter_is_no_model(place: Place, tmp_path: Path) -> None:
    """Neither alone nor beside a model's own files; also where it was fetched before."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    beside = tiny.save(tmp_path / "beside", "gpt2")
    with place.serving(StandInHub({"lab/lora": {"main": alone}, "lab/both": {"main": beside}})):
        (whole,) = place.load("lab/both")
        (beside / "adapter_config.json").write_text('{"peft_type": "LORA"}')
        only, both = place.load("lab/lora", "lab/both")
    assert "error" not in whole
    for name, found in (("lab/lora", only), ("lab/both", both)):
        assert found["error"].startswith(f"{name} holds an adapter (adapter_config.json)")
    (config,) = place.home.rglob("snapshots/*/config.json")
    (config.parent / "adapter_config.json").write_text("{}")  # as other tools keep it
    (offline,) = place.load("lab/both", HF_HUB_OFFLINE="1")
    assert offline["error"].startswith("lab/both holds an adapter")
