"""The memory that a run is said to take counts what batches hold until they have run."""

from __future__ import annotations

from kn_assets.atlas.estimate import Prompts, size
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.atlas.shape import Shape

PROMPTS = Prompts(100_000, 3_000_000, 46_500_000)  # of 30 tokens each


def memory(
    prompts: Prompts = PROMPTS, tables: tuple[str, ...] = ("activations",), **of: int
) -> int:
    return size(AtlasSettings(), Shape(30, 1536, 0, **of), prompts, tables).memory


def test_activations_of_the_batches_that_run_at_once() -> None:
    token = 30 * 1536 * 4
    one, two = (memory(a_number=4, streams=n) for n in (1, 2))
    assert one - memory() == 960 * token
    assert two - memory() == 2 * 960 * token
    assert memory(a_number=2) - memory() == 960 * token // 2


def test_a_batch_holds_no_more_than_there_is() -> None:
    few = Prompts(3, 90, 3 * 465)
    assert memory(few, a_number=4, streams=8) - memory(few) == 90 * 30 * 1536 * 4


def test_a_prompt_longer_than_a_batch_is_one() -> None:
    long = Prompts(100, 200_000, 100 * 2000 * 2001 // 2)
    assert memory(long, a_number=4) - memory(long) == 2001 * 30 * 1536 * 4


def test_the_lens_alone_holds_none() -> None:
    assert memory(tables=("logit_lens",), a_number=4) == memory(tables=("logit_lens",))
