"""The model's bare forward pass over prompts, nothing kept: what all else is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kn_assets.atlas.forward.batches import Batch, batches, tokens_per_batch
from kn_assets.atlas.forward.capture import device_of, forward
from kn_assets.atlas.forward.streams import in_streams
from kn_assets.atlas.forward.tokens import TokenizedPrompts

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel


def forward_only(loaded: LoadedModel, prompts: TokenizedPrompts, streams: bool = False) -> None:
    """Run all but the head, one batch after the other, or in the streams of a run."""
    import torch

    device = device_of(loaded)

    def run_one(batch: Batch) -> None:
        with torch.inference_mode():
            forward(loaded, batch.ids)

    given = batches(prompts, tokens_per_batch(device))
    for _ in in_streams(run_one, given, device) if streams else map(run_one, given):
        pass
    if device != "cpu":
        torch.cuda.synchronize()
