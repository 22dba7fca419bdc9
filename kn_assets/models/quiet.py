"""transformers' own bars and notices, silenced: the explorer shows its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the bars and notices of transformers; the hub's download bars stay."""
    from huggingface_hub.utils import (
        are_progress_bars_disabled,
        enable_progress_bars,
    )
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    hub_bars = not are_progress_bars_disabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if hub_bars:  # transformers silences them together with its own
        enable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars and hub_bars:  # switching the former on would switch the latter on, too
            logging.enable_progress_bar()
