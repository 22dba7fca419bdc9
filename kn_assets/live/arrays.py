"""Dataclasses of arrays and plain values as bytes, on their way between processes."""

from __future__ import annotations

import io
import json
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

Told = TypeVar("Told")


def to_bytes(told: object) -> bytes:
    """A dataclass of arrays and of values that JSON can hold; `from_bytes` reads it."""
    arrays = {k: v for k, v in vars(told).items() if isinstance(v, np.ndarray)}
    plain = {k: v for k, v in vars(told).items() if k not in arrays}
    buffer = io.BytesIO()
    packed = np.frombuffer(json.dumps(plain).encode(), np.uint8)
    np.savez(buffer, _plain=packed, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def from_bytes(kind: type[Told], body: bytes) -> Told:
    """The dataclass `kind` again."""
    with np.load(io.BytesIO(body), allow_pickle=False) as found:
        plain: dict[str, Any] = json.loads(found["_plain"].tobytes())
        names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
        return kind(**{name: plain.get(name, found.get(name)) for name in names})
