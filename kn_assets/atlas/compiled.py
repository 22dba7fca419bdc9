"""Loops compiled to machine code by Numba, for what NumPy could only do in many passes.

The first call with new types compiles, for a second or two; the code is kept for later processes,
until the module it stands in changes. So what compiled code calls and which constants it sees stand
in that module too: others come as arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

# Sums may be taken in any order, so that they fill a processor's lanes. Nothing else is loosened:
# comparisons with infinities and NaN go as in NumPy.
_FAST_MATH = {"reassoc", "contract", "nsz"}


def compiled(function: F) -> F:
    """The function, compiled, and run without the interpreter's lock.

    It sees arrays, numbers and tuples of them. Indices aren't checked: check shapes before.
    """
    try:
        return numba.njit(function, nogil=True, fastmath=_FAST_MATH, cache=True)
    except RuntimeError:  # nowhere to keep it: neither beside the module nor in the user's cache
        return numba.njit(function, nogil=True, fastmath=_FAST_MATH)
