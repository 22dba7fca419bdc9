"""Names of checkpoints, as trainers and model hubs give them, read as steps of one training.

`step1000` is Pythia's, `checkpoint-1000` the Trainer's, `global_step1000` and `iter_0373000` are
Megatron's, `step1000-tokens4B`, `stage1-step1000-tokens3B` and
`stage2-ingredient3-step6000-tokens13B` the OLMos', `stage1-step-40000` SmolLM3's, `step-001000-2BT`
and `step50K` others'. The macro `step_of` reads the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_NAME = re.compile(
    r"(?:(?:pretrain|global|stage(?P<stage>\d+)|ingredient(?P<ingredient>\d+))[-_]?)*"
    r"(?:step|checkpoint|ckpt|iter)[-_]?(?P<number>\d+)(?P<unit>[KM])?"
    r"(?:[-_](?:tokens\w*|\d+(?:\.\d+)?[KMBT]+|seed[-_]?(?P<seed>\d+)))*",
    re.I,
)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000}
_TOLD = 4  # names in one line


@dataclass(frozen=True, order=True)
class StepName:
    """What the name of a checkpoint says; -1 where it says nothing of stage, ingredient or seed."""

    stage: int
    ingredient: int
    seed: int
    step: int

    @classmethod
    def of(cls, name: str) -> StepName | None:
        """None where the name is no step's."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        stage, ingredient, seed = (int(match[g] or -1) for g in ("stage", "ingredient", "seed"))
        unit = _UNITS[(match["unit"] or "").lower()]
        return cls(stage, ingredient, seed, int(match["number"]) * unit)

    @property
    def branch(self) -> tuple[int, int, int]:
        """Stage, ingredient and seed: steps of one branch count on."""
        return self.stage, self.ingredient, self.seed


@dataclass(frozen=True)
class Axis:
    """The steps of one training: `names` by step, in order. `words` tell what was left out."""

    names: dict[int, str]
    words: list[str]


def axis(names: Iterable[str]) -> Axis:
    """The steps that names say, in order.

    A later stage belongs to the training where its steps count on from the stage before. Where they
    begin anew, where several ingredients or seeds stand side by side, and where several names say
    the same step, the first is taken. What is left out is told, names that aren't understood too.
    """
    read = {name: StepName.of(name) for name in sorted(set(names))}
    strange = [name for name, step in read.items() if step is None]
    branches: dict[tuple[int, int, int], dict[int, list[str]]] = {}
    for name, step in sorted(((n, s) for n, s in read.items() if s), key=lambda pair: pair[1]):
        branches.setdefault(step.branch, {}).setdefault(step.step, []).append(name)
    taken: dict[int, list[str]] = {}
    stages: set[int] = set()
    anew: list[str] = []
    for (stage, _, _), steps in branches.items():
        if taken and (stage in stages or min(steps) <= max(taken)):
            anew += [name for same in steps.values() for name in same]
            continue
        stages.add(stage)
        taken |= steps
    twice = [name for same in taken.values() for name in same[1:]]
    words = []
    if strange:
        words.append(f"names that say no step: {_listed(strange)}")
    if anew:
        words.append(f"steps of another stage, ingredient or seed: {_listed(anew)}")
    if twice:
        words.append(f"second names of a step: {_listed(twice)}")
    return Axis({step: same[0] for step, same in sorted(taken.items())}, words)


def _listed(names: list[str]) -> str:
    more = len(names) - _TOLD
    return ", ".join(names[:_TOLD]) + (f" and {more} more" if more > 0 else "")
