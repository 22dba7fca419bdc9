"""The settings of a training run of seconds, and ways to look at what it made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from kn_assets.training import TrainSettings

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


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]


def same_weights(a: Path, b: Path) -> bool:
    one, other = (load_file(p / "model.safetensors") for p in (a, b))
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)
