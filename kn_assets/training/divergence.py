"""The end of a training whose numbers are no finite ones any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from kn_assets.errors import KnError
from kn_assets.models.finite import is_finite
from kn_assets.training.store import Store

if TYPE_CHECKING:
    from torch import nn


def refuse_divergence(store: Store, model: nn.Module, step: int) -> None:
    """Raise KnError where the weights that a checkpoint of `step` would keep aren't finite."""
    wrong = [name for name, p in model.named_parameters() if not is_finite(p.detach())]
    if wrong:
        diverged(store, step, f"{wrong[0]} isn't finite after step {step}")


def diverged(store: Store, step: int, how: str) -> NoReturn:
    """Raise KnError: the weights are as the step before left them, and its checkpoints stay."""
    store.note_divergence(step)
    kept = [s for s in store.settings.checkpoint_steps() if s <= step]
    there = [s for s in kept if (store.step(s) / "config.json").is_file()]
    raise KnError(
        f"training {store.settings.name} diverged: {how}. Checkpoints up to step "
        f"{max(there, default=0)} are kept; train another --name with a smaller --lr or "
        "--weight-decay"
    )
