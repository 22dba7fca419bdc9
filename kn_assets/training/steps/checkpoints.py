"""Which steps of a model's training there are, and how an atlas is made of each.

Sources: a run of `kn train`, a folder of checkpoint folders made by anything else, and a hub
repository whose branches or tags are steps. `names` reads their names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models.source import ModelSource, resolve
from kn_assets.training.settings import TrainSettings
from kn_assets.training.steps.names import StepName, axis


@dataclass(frozen=True)
class Checkpoint:
    """One step of a model. `model` is what `AtlasSettings.model` takes, e.g. `runs/geo@step100`."""

    step: int
    model: str

    @property
    def source(self) -> ModelSource:
        return resolve(self.model)


def step_of(key: str) -> int | None:
    """The step that an atlas key such as `pythia-70m@step1000` names, None where it names none."""
    name = StepName.of(key.partition("@")[2])
    return name.step if name else None


def checkpoints(
    lake: Lake, name: str, tell: Callable[[str], None] = lambda _: None
) -> list[Checkpoint]:
    """The checkpoints of a model in the order of their steps.

    name: a run of `kn train` in this lake, the path of a folder of checkpoints, or a hub name.
    tell: is called with a line on the folders or revisions that aren't among them, see `axis`. Of a
    run of `kn train` those are named too that it made and that are gone: running them tells. Raises
    KnError where there are none, and where the hub can't be asked.
    """
    if "@" in name:
        raise KnError(f"{name} is one checkpoint: leave {name[name.index('@') :]} out")
    folder = _folder(lake, name)
    revisions = _folders(folder) if folder else _revisions(name)
    read = axis(revisions)
    found = dict(read.names)
    for step in _made(folder) if folder and found else ():
        if step < max(found):
            found.setdefault(step, f"step{step}")
    if not found:
        where = f"folders of {folder}" if folder else f"revisions of {name} on the hub"
        raise KnError(
            f"none of the {where} is a training step such as step1000: give a model with "
            "several checkpoints, or train one with `kn train`"
        )
    for word in read.words:
        tell(f"left out of {Path(name).name}, {word}")
    return [Checkpoint(step, f"{folder or name}@{found[step]}") for step in sorted(found)]


def steps(lake: Lake, name: str) -> list[int]:
    """The steps that `checkpoints` finds."""
    return [c.step for c in checkpoints(lake, name)]


def chosen(found: Sequence[Checkpoint], wanted: str = "all") -> list[Checkpoint]:
    """Those of the checkpoints that `wanted` names.

    `all`; `last`; a number of log-spaced ones, as `20`; or steps, as `0,512,1400`. Raises KnError
    for a step that isn't there and for what makes no sense.
    """
    if wanted == "all":
        return list(found)
    if wanted == "last":
        return list(found[-1:])
    if wanted.isdecimal() and int(wanted) > 0:
        return _log_spaced(found, int(wanted))
    if not re.fullmatch(r"\d+,(?:\d+,)*\d*", wanted):
        raise KnError(
            f"--steps-of {wanted}: give all, last, a number of log-spaced ones such as 16, or "
            "steps such as 0,512,1400"
        )
    by_step = {c.step: c for c in found}
    numbers = sorted({int(n) for n in wanted.split(",") if n})
    missing = [n for n in numbers if n not in by_step]
    if missing:
        raise KnError(
            f"there is no checkpoint of step {', '.join(map(str, missing))}: there are "
            f"{', '.join(map(str, by_step))}"
        )
    return [by_step[n] for n in numbers]


def named_here(lake: Lake, settings: AtlasSettings) -> AtlasSettings:
    """Settings whose model may be the name of a run of `kn train` in this lake, as a path.

    Where no step is named, as in `geo-gpt2`, it is the last that the run has kept.
    """
    name, _, step = settings.model.partition("@")
    if not _is_run(lake, name):
        return settings
    folder = lake.models / name
    if step or settings.revision:
        return replace(settings, model=f"{folder}@{step}" if step else str(folder))
    return replace(settings, model=checkpoints(lake, name)[-1].model)


def unfinished(lake: Lake, name: str) -> str | None:
    """A word on a run of `kn train` that was interrupted; None where `name` is none."""
    if not _is_run(lake, name):
        return None
    made = _made(lake.models / name)
    last = checkpoints(lake, name)[-1].step
    after = json.loads((lake.models / name / "training.json").read_text()).get("diverged_after")
    if after is not None:
        return f"training {name} diverged after step {after} of {made[-1]}: it ends at step {last}"
    if last == made[-1]:
        return None
    return f"training {name} was interrupted at step {last} of {made[-1]}: `kn train` goes on"


def check(model: str) -> None:
    """Raise KnError where the files of a local checkpoint, as `folder@step4`, are lost or damaged.

    Reads the configuration and the weights' headers, no weights; the hub's are checked by loading.
    """
    from safetensors import SafetensorError, safe_open

    name, _, revision = model.partition("@")
    folder = Path(name).expanduser() / revision
    if not Path(name).expanduser().is_dir():
        return
    weights = sorted(folder.glob("*.safetensors"))
    try:
        json.loads((folder / "config.json").read_text(encoding="utf-8"))
        for file in weights:
            with safe_open(file, framework="numpy"):
                pass
    except FileNotFoundError as e:
        raise KnError(f"checkpoint {folder} is missing: put it back") from e
    except (OSError, ValueError, SafetensorError) as e:
        raise KnError(f"checkpoint {folder} is damaged ({e}): put a whole one there") from e
    if not weights and not list(folder.glob("*.bin")):
        raise KnError(f"checkpoint {folder} holds no weights: put them back")


def _folder(lake: Lake, name: str) -> Path | None:
    """The folder of checkpoints that `name` means, None where it can only be a hub name.

    A run of this lake comes before a folder of that name where one happens to stand.
    """
    if _is_run(lake, name):
        return lake.models / name
    path = Path(name).expanduser()
    if path.is_dir() and axis(_folders(path.resolve())).names:
        return path.resolve()
    if path.is_dir() or name.startswith(("/", "./", "../", "~")):
        raise KnError(
            f"{name} is no folder of checkpoints: it must hold folders such as step1000, each with "
            "a config.json"
        )
    return None


def _is_run(lake: Lake, name: str) -> bool:
    return bool(re.fullmatch(r"[\w.-]+", name)) and (lake.models / name / "training.json").is_file()


def _made(folder: Path) -> list[int]:
    """The steps whose checkpoints a run of `kn train` keeps, none where it isn't one."""
    note = folder / "training.json"
    if not note.is_file():
        return []
    told = json.loads(note.read_text(encoding="utf-8"))
    return TrainSettings().with_given(**told).checkpoint_steps()


def _folders(folder: Path) -> list[str]:
    return [p.parent.name for p in folder.glob("*/config.json")]


def _revisions(name: str) -> Iterable[str]:
    from huggingface_hub import list_repo_refs

    from kn_assets.models.hub import hub_said_plainly

    source = resolve(name)
    if source.kind != "hub":
        raise KnError(f"{name} has no training steps: give a hub name or a folder of checkpoints")
    with hub_said_plainly(source):
        refs = list_repo_refs(source.ref)
    return [ref.name for ref in (*refs.branches, *refs.tags) if ref.name != "main"]


def _log_spaced(found: Sequence[Checkpoint], n: int) -> list[Checkpoint]:
    """First and last, and between them those nearest to even spacing of log(step + 1)."""
    from math import log

    if n == 1:
        return list(found[-1:])
    low, high = log(found[0].step + 1), log(found[-1].step + 1)
    marks = [low + (high - low) * i / (n - 1) for i in range(n)]
    near = {min(found, key=lambda c: abs(log(c.step + 1) - mark)).step for mark in marks}
    return [c for c in found if c.step in near]
