"""A small GPT-2 trained on GeoNames' facts, and the checkpoints of any model's training."""

from kn_assets.training.loop import train
from kn_assets.training.settings import TrainSettings
from kn_assets.training.steps.checkpoints import (
    Checkpoint,
    checkpoints,
    chosen,
    named_here,
    unfinished,
)

__all__ = [
    "Checkpoint",
    "TrainSettings",
    "checkpoints",
    "chosen",
    "named_here",
    "train",
    "unfinished",
]
