"""Batches in streams: all of them, in order, with torch's threads divided and given back."""

import threading
from collections.abc import Iterator

import pytest
import torch

from kn_assets.atlas.forward.streams import MOST, in_streams


@pytest.fixture(params=[1, 2, 5, 2 * MOST])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_order_and_threads_are_given_back(threads: int) -> None:
    gate = threading.Barrier(min(threads, MOST))  # passes once all streams are at work

    def work(item: int) -> tuple[int, int, str]:
        gate.wait(60)
        return item, torch.get_num_threads(), threading.current_thread().name

    n = 3 * min(threads, MOST)
    found = list(in_streams(work, range(n), "cpu"))
    assert [item for item, _, _ in found] == list(range(n))
    assert {own for _, own, _ in found} == {threads // min(threads, MOST)}
    assert len({name for _, _, name in found}) <= min(threads, MOST)
    assert torch.get_num_threads() == threads


def test_few_batches_share_all_threads(threads: int) -> None:
    (found,) = in_streams(lambda _: torch.get_num_threads(), [0], "cpu")
    assert found == threads


def test_another_device_has_one_stream(threads: int) -> None:
    found = list(in_streams(lambda _: threading.current_thread(), range(3), "cuda:0"))
    assert found == [threading.current_thread()] * 3


def test_the_first_failure_is_raised_and_the_rest_left(threads: int) -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise OSError("no room")
        threading.Event().wait(0.01)

    with pytest.raises(OSError, match="no room"):
        list(in_streams(work, range(10_000), "cpu"))
    assert len(begun) < 5_000  # seconds off, for the thread that has to notice
    assert torch.get_num_threads() == threads
