from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.launch.request import Request
from kn_assets.launch.steps import requests
from kn_assets.training import Checkpoint, TrainSettings, chosen
from kn_assets.training.steps.checkpoints import (
    check,
    checkpoints,
    named_here,
    step_of,
    steps,
    unfinished,
)
from tests.models import tiny
from tests.models.stand_in_hub import StandInHub, environment, serving


def a_run(root: Path, *names: str) -> Path:
    """A folder of folders, each with a configuration and weights of nothing."""
    from safetensors.numpy import save_file

    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "config.json").write_text("{}")
        save_file({}, root / name / "model.safetensors")
    return root


def of(*numbers: int) -> list[Checkpoint]:
    return [Checkpoint(n, f"run@step{n}") for n in numbers]


def test_a_folder_of_checkpoints_in_the_order_of_steps(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", "step0", "step1000", "step16", "notes", "final")
    (run / "step7").mkdir()  # no configuration: no checkpoint
    lake = Lake(tmp_path / "lake")
    assert steps(lake, str(run)) == [0, 16, 1000]
    found = checkpoints(lake, str(run))
    assert [c.model for c in found] == [f"{run}@step{n}" for n in (0, 16, 1000)]
    assert [c.source.key for c in found] == ["run@step0", "run@step16", "run@step1000"]
    assert found[1].source.ref == str(run / "step16")


def test_folders_of_other_trainers(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", "checkpoint-500", "checkpoint-1500")
    assert steps(Lake(tmp_path), str(run)) == [500, 1500]
    assert checkpoints(Lake(tmp_path), str(run))[0].source.key == "run@checkpoint-500"


def test_a_run_of_the_lake_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Lake(tmp_path / "lake")
    run = a_run(lake.models / "geo", "step0", "step5")
    (run / "training.json").write_text(TrainSettings(steps=5, checkpoints=2).to_json())
    a_run(tmp_path / "geo", "step9")
    monkeypatch.chdir(tmp_path)
    assert steps(lake, "geo") == [0, 5]
    assert steps(lake, "./geo") == [9]


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("pythia-70m@step1000", 1000),
        ("run@checkpoint-500", 500),
        ("olmo@step1000-tokens4B", 1000),
        ("run@global_step3", 3),
        ("gpt2", None),
        ("gpt2@main", None),
        ("step3", None),
        ("run@step", None),
        ("run@step1x", None),
    ],
)
def test_steps_in_keys(key: str, step: int | None) -> None:
    assert step_of(key) == step


def test_what_is_no_folder_of_checkpoints(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    (tmp_path / "empty").mkdir()
    with pytest.raises(KnError, match="must hold folders such as step1000"):
        steps(lake, str(tmp_path / "empty"))
    with pytest.raises(KnError, match="must hold folders such as step1000"):
        steps(lake, str(tmp_path / "nowhere"))
    with pytest.raises(KnError, match="has no training steps"):
        steps(lake, "smollm2-135m")
    with pytest.raises(KnError, match="is one checkpoint: leave @step3 out"):
        steps(lake, "run@step3")


def test_choosing() -> None:
    found = of(0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
    assert chosen(found) == found
    assert chosen(found, "last") == of(1000)
    assert chosen(found, "512,0") == of(0, 512)
    assert chosen(found, "512,") == of(512)
    assert chosen(found, "1") == of(1000)
    assert chosen(found, "2") == of(0, 1000)
    # Marks at log(step + 1) = 0, 1.73, 3.45, 5.18, 6.91: steps 0, 4.6, 30.6, 176.9 and 1000.
    assert chosen(found, "5") == of(0, 4, 32, 128, 1000)
    assert chosen(found, "99") == found
    with pytest.raises(KnError, match="no checkpoint of step 3, 5: there are 0, 1, 2"):
        chosen(found, "3,1,5")
    for wrong in ("", "some", "0", "log:3", "-1", "1,,2"):
        with pytest.raises(KnError, match="give all, last, a number"):
            chosen(found, wrong)


def test_requests_for_every_step(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", "step0", "step4", "step16")
    lake = Lake(tmp_path / "lake")
    settings = AtlasSettings(corpus="geonames", model=str(run), limit=7)
    made = requests(lake, settings, "0,16", only=("neurons",))
    assert [r.plan.model.key for r in made] == ["run@step0", "run@step16"]
    assert [r.atlas.limit for r in made] == [7, 7]
    assert {r.only for r in made} == {("neurons",)}
    with pytest.raises(KnError, match="no checkpoint of step 5"):
        requests(lake, settings, "5,")


def test_a_run_of_the_lake_is_a_model(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    run = a_run(lake.models / "geo", "step0", "step3")
    (run / "training.json").write_text(TrainSettings(steps=9, checkpoints=4).to_json())
    for name, key in {"geo": "geo@step3", "geo@step0": "geo@step0"}.items():
        settings = AtlasSettings(corpus="geonames", model=name)
        assert Request(lake, named_here(lake, settings)).plan.source.key == key
    revised = AtlasSettings(corpus="geonames", model="geo", revision="step0")
    assert Request(lake, named_here(lake, revised)).plan.source.key == "geo@step0"
    other = AtlasSettings(corpus="geonames", model="gpt2")
    assert named_here(lake, other) == other
    assert (
        unfinished(lake, "geo") == "training geo was interrupted at step 3 of 9: `kn train` goes on"
    )
    a_run(lake.models / "geo", "step9")
    assert unfinished(lake, "geo") is None and unfinished(lake, "gpt2") is None


def test_a_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", "step0", "step4")
    for step in (0, 4):
        check(f"{run}@step{step}")
    check("lab/pythia@step4")  # the hub's tell when they are loaded
    weights = run / "step4" / "model.safetensors"
    weights.write_bytes(b"\x10\x00\x00")
    with pytest.raises(KnError, match="step4 is damaged"):
        check(f"{run}@step4")
    weights.unlink()
    with pytest.raises(KnError, match="step4 holds no weights"):
        check(f"{run}@step4")
    (run / "step0" / "config.json").write_text("{")
    with pytest.raises(KnError, match="step0 is damaged"):
        check(f"{run}@step0")
    with pytest.raises(KnError, match="step9 is missing"):
        check(f"{run}@step9")


def test_a_lost_checkpoint_of_a_training_run_is_missed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    run = a_run(lake.models / "geo", "step0", "step1", "step9")
    (run / "training.json").write_text(TrainSettings(steps=27, checkpoints=5).to_json())
    assert TrainSettings(steps=27, checkpoints=5).checkpoint_steps() == [0, 1, 3, 9, 27]
    # 27 is yet to come, 3 was there and is gone.
    assert [c.step for c in checkpoints(lake, "geo")] == [0, 1, 3, 9]


_ASK = """
import json, sys
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.training import checkpoints
for name in sys.argv[2:]:
    try:
        found = checkpoints(Lake(sys.argv[1]), name)
        print(json.dumps([[c.step, c.model, c.source.key] for c in found]))
    except KnError as e:
        print(json.dumps(str(e)))
"""


def test_revisions_of_a_hub_repository(tmp_path: Path) -> None:
    """In a process of its own: the hub's client reads HF_ENDPOINT when it is imported."""
    folder = tiny.save(tmp_path / "weights", "gpt2")
    revisions = ("main", "step1000", "step0", "step16", "step-by-step")
    hub = StandInHub({"lab/pythia": dict.fromkeys(revisions, folder), "gpt2": {"main": folder}})
    with serving(hub):
        out = subprocess.run(
            [sys.executable, "-c", _ASK, str(tmp_path), "lab/pythia", "gpt2", "lab/nowhere"],
            env=environment(hub.endpoint, tmp_path / "hf"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert out.returncode == 0, out.stderr
    found, none, nowhere = map(json.loads, out.stdout.splitlines())
    assert found == [[n, f"lab/pythia@step{n}", f"pythia@step{n}"] for n in (0, 16, 1000)]
    assert none.startswith("none of the revisions of gpt2 on the hub is a training step")
    assert nowhere.startswith("there is no model lab/nowhere")
    assert "GET /api/models/lab/pythia/refs" in hub.requests


def test_nothing_heavy_is_imported_to_know_the_settings() -> None:
    code = """
import sys, kn_assets.training, kn_assets.training.steps.tables
heavy = {"torch", "transformers", "openTSNE", "sklearn", "dagster", "gradio", "huggingface_hub"}
print(sorted(heavy & set(sys.modules)))
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
