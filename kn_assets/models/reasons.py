"""Why a model's files can't be read, in one line."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

from kn_assets.lake.json_text import parsed
from kn_assets.models.weights import named_method

_HIDDEN = re.compile(r"report|look above|traceback", re.I)


def why(e: Exception, place: Path) -> str:
    """What kept a model from being loaded. place: its folder, where it is one."""
    told = _json(place / "config.json")
    said = first_line(e)
    if told is None:
        return "its config.json holds no settings"
    if "trust_remote_code" in str(e):
        file = _own_code(told) or _own_code(_json(place / "tokenizer_config.json") or {})
        return f"it needs code of its own{f' ({file})' if file else ''}, which isn't run"
    if isinstance(e, pickle.UnpicklingError):
        return "a file holds more than tensors (a pickle that would run code), which isn't loaded"
    if isinstance(e, AttributeError) and "'torch' has no attribute" in said:
        kind = told.get("torch_dtype") or told.get("dtype")
        return f"its config.json gives {kind!r} as its dtype: write float32, bfloat16 or float16"
    if quantized := told.get("quantization_config") or told.get("quantization"):
        return f"it is quantized ({named_method(quantized)}): {said}"
    return said


def first_line(e: Exception) -> str:
    """The first line that tells something, after the kind of an error which isn't for people."""
    lines = [line.strip() for line in str(e).splitlines() if line.strip()]
    said = lines[0] if lines else ""
    if said.endswith(":") and lines[1:]:
        said = f"{said} {'; '.join(lines[1:])}"
    plain = isinstance(e, OSError | ValueError | RuntimeError | ImportError | TypeError)
    if _HIDDEN.search(said) or not plain:
        said = f"{type(e).__name__}: {said}"
    return said or type(e).__name__


def _own_code(told: dict[str, Any]) -> str | None:
    """The Python file that a configuration names for its classes, e.g. `modeling_x.py`."""
    named = told.get("auto_map")
    for value in named.values() if isinstance(named, dict) else ():
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str):
                return f"{name.rpartition('--')[2].partition('.')[0]}.py"
    return None


def _json(file: Path) -> dict[str, Any] | None:
    """What a JSON file holds, nothing where it isn't there or none; None for another thing."""
    try:
        told = parsed(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else None
