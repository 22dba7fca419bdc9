"""The batches of a training, from any of them on: a run that was killed goes on with the next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kn_assets.training.settings import TrainSettings
from kn_assets.training.text import Rows, Text, pack


def batches(
    text: Text, tokenizer: Any, settings: TrainSettings, epoch: int, batch: int
) -> Iterator[tuple[int, int, Rows]]:
    """The batches from number `batch` of an epoch on, without end.

    Each with its epoch and the number of the one after it, to begin from. An epoch is divided
    evenly, so that no row is left out and no batch is a small one.
    """
    while True:
        encoded = tokenizer(text.epoch(epoch))["input_ids"]
        rows = pack(encoded, settings.context, tokenizer.eos_token_id)
        n = max(1, round(len(rows.ids) / settings.batch))
        for part in np.array_split(np.arange(len(rows.ids)), n)[batch:]:
            batch += 1
            yield epoch, batch, Rows(rows.ids[part], rows.sentence[part], rows.position[part])
        epoch, batch = epoch + 1, 0
