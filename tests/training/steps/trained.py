"""What the small model of these tests is trained with, and its steps."""

from __future__ import annotations

from kn_assets import lake as lakes
from kn_assets.progress import Progress
from kn_assets.training import TrainSettings

CITIES = 10
TRAINED = TrainSettings(
    name="geo",
    cities=CITIES,
    steps=60,
    batch=8,
    layers=2,
    width=48,
    heads=2,
    context=48,
    vocabulary=500,
    checkpoints=3,
    warmup=5,
    lr=5e-3,
    sample=5,
    measure_every=60,
    threads=1,
)
STEPS_KEPT = [0, 1, 60]


class Told(Progress):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def at(step: int) -> lakes.Partition:
    return lakes.model(f"geo@step{step}")
