"""Reading a GGUF file once: transformers has its header parsed three times, and the table of
tensors' names made anew for each module of the model. Both take tens of seconds on a slow machine.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def read_once() -> Iterator[None]:
    """While it is held, the gguf package keeps what it has read; nothing is kept afterwards.

    Not for several threads at a time.
    """
    import gguf
    import numpy as np

    class Reader(gguf.GGUFReader):
        """A header of 100,000 strings is 500,000 slices, which a memmap makes five times slower."""

        def _build_fields(self, *given: Any) -> Any:
            self.data: Any = self.data.view(np.ndarray)
            return super()._build_fields(*given)

    package: Any = gguf
    before = package.GGUFReader, package.get_tensor_name_map
    package.GGUFReader = functools.cache(Reader)
    package.get_tensor_name_map = functools.cache(gguf.get_tensor_name_map)
    try:
        yield
    finally:
        package.GGUFReader, package.get_tensor_name_map = before
