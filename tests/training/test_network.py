"""What is minimized, and how fast."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from kn_assets.training.network import loss_of, new_model, new_optimizer, new_tokenizer
from kn_assets.training.text import Text, pack
from tests.training.tiny_run import TINY


def test_the_loss_of_packed_rows_is_that_of_the_sentences_alone() -> None:
    sentences = Text.of(10, 0).epoch(0)[:30]
    tokenizer = new_tokenizer(sentences, TINY)
    model = new_model(TINY, tokenizer)
    encoded = tokenizer(sentences)["input_ids"]
    packed = loss_of(model, pack(encoded, TINY.context, pad=0))
    total, n = torch.zeros(()), 0
    for ids in encoded:
        cut = torch.tensor([ids[: TINY.context]])
        alone = model(input_ids=cut, labels=cut).loss
        total += alone.detach() * (cut.shape[1] - 1)
        n += cut.shape[1] - 1
    assert packed.item() == pytest.approx(total.item() / n, rel=1e-5)


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    settings = replace(TINY, steps=10, warmup=4, lr=0.5)
    optimizer, schedule = new_optimizer(
        new_model(settings, new_tokenizer(["Kabul is a city in Afghanistan."], settings)), settings
    )
    rates = []
    for _ in range(settings.steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    wanted = [0.1, 0.2, 0.3, 0.4, 0.5, 5 / 12, 4 / 12, 3 / 12, 2 / 12, 1 / 12]
    assert rates == pytest.approx(wanted)
    assert schedule.get_last_lr()[0] == pytest.approx(0.0)
