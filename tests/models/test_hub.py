"""The real `from_pretrained` path against a stand-in hub, in processes of their own.

The hub's client library reads HF_ENDPOINT when it is imported: so each test is one process with an
environment, which loads a few models in turn and reports each as a line of JSON.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests import forked

from . import tiny
from .stand_in_hub import StandInHub, commit, environment, serving

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


def load_in_process(tmp: Path, endpoint: str, *names: str, **env: str) -> list[Any]:
    out = forked.run(
        [sys.executable, "-c", _LOADER, str(tmp / "data"), *names],
        env={**environment(endpoint, tmp / "hf"), **env},
    )
    assert out.returncode == 0, out.stderr
    return [json.loads(line) for line in out.stdout.splitlines()]


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


def test_names_and_revisions(hub: StandInHub, tmp_path: Path) -> None:
    names = ("gpt2", "lab/small@step0", "lab/small@step1", "--available")
    with serving(hub):
        gpt2, step0, step1, there = load_in_process(tmp_path, hub.endpoint, *names)
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


def test_what_is_on_this_machine_needs_no_hub(hub: StandInHub, tmp_path: Path) -> None:
    with serving(hub):
        first, again = load_in_process(tmp_path, hub.endpoint, "gpt2", "gpt2")
        fetched = [r for r in hub.requests if r.startswith("GET") and "/resolve/" in r]
        assert len(fetched) == len(set(fetched))
        hub.broken.add("gpt2")
        (broken,) = load_in_process(tmp_path, hub.endpoint, "gpt2")
    # The hub's port is closed now.
    gone, other = load_in_process(tmp_path, hub.endpoint, "gpt2", "lab/other")
    offline, unknown = load_in_process(
        tmp_path, hub.endpoint, "gpt2", "lab/other", HF_HUB_OFFLINE="1"
    )
    assert first == again == broken == gone == offline
    assert f"can't reach {hub.endpoint} for lab/other" in other["error"]
    assert "HF_HUB_OFFLINE is set" in unknown["error"]


def test_faults_are_said_in_one_line(hub: StandInHub, tmp_path: Path) -> None:
    names = ("lab/nowhere", "gpt2@step7", "lab/gated", "lab/broken", "lab/bare")
    with serving(hub):
        nowhere, revision, gated, broken, bare = (
            found["error"] for found in load_in_process(tmp_path, hub.endpoint, *names)
        )
        (allowed,) = load_in_process(tmp_path, hub.endpoint, "lab/gated", HF_TOKEN=hub.token)
    assert nowhere.startswith(f"there is no model lab/nowhere on {hub.endpoint}")
    assert revision.startswith("gpt2 has no revision step7")
    assert gated.startswith("lab/gated is gated: ask for access")
    assert broken.endswith("(HTTP 500): try again later")
    assert "tokenizer" in bare
    assert not any("\n" in line for line in (nowhere, revision, gated, broken, bare))
    assert allowed["ids"] == expected_sum(1)[0]


def test_a_closed_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))  # and not listened on: nobody else gets it
        endpoint = f"http://127.0.0.1:{s.getsockname()[1]}"
        (found,) = load_in_process(tmp_path, endpoint, "gpt2")
    assert found["error"].startswith(f"can't reach {endpoint} for gpt2")
    assert "embedded model" in found["error"]


def test_gpt2_by_name_with_its_own_vocabulary(tmp_path: Path) -> None:
    folder = tiny.gpt2_bpe(tmp_path / "gpt2")
    tiny.model("gpt2", vocab_size=50257).save_pretrained(folder)
    with serving(StandInHub({"gpt2": {"main": folder}})) as hub:
        (found,) = load_in_process(tmp_path, hub.endpoint, "gpt2")
    assert found["key"] == "gpt2"
    # K|abul| is| a| city in GPT-2's published vocabulary.
    assert found["ids"] == [[42, 16665, 318, 257, 1748]]


def test_an_adapter_is_no_model(tmp_path: Path) -> None:
    """Neither alone nor beside a model's own files; also where it was fetched before."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    beside = tiny.save(tmp_path / "beside", "gpt2")
    with serving(StandInHub({"lab/lora": {"main": alone}, "lab/both": {"main": beside}})) as hub:
        (whole,) = load_in_process(tmp_path, hub.endpoint, "lab/both")
        (beside / "adapter_config.json").write_text('{"peft_type": "LORA"}')
        only, both = load_in_process(tmp_path, hub.endpoint, "lab/lora", "lab/both")
    assert "error" not in whole
    for name, found in (("lab/lora", only), ("lab/both", both)):
        assert found["error"].startswith(f"{name} holds an adapter (adapter_config.json)")
    (config,) = (tmp_path / "hf").rglob("snapshots/*/config.json")
    (config.parent / "adapter_config.json").write_text("{}")  # as other tools keep it
    (offline,) = load_in_process(tmp_path, hub.endpoint, "lab/both", HF_HUB_OFFLINE="1")
    assert offline["error"].startswith("lab/both holds an adapter")
