"""Whether the tensors of a model's files are those that the model is made of: all, and no others.

transformers fills what is lacking with random numbers and drops what it has no place for, with a
warning at most. Both would give a model that isn't the one its owner means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Shapes = dict[str, tuple[str, tuple[int, ...]]]
"""Name of a tensor in the files -> its dtype as safetensors writes it (`F32`, `I8`) and shape."""

_HARMLESS = re.compile(
    r"rotary\w*\.inv_freq$|rotary\w*\.(cos|sin)_cached$|(^|\.)position_ids$"
    r"|(^|\.)embed_positions\.(weights|_float_tensor)$|(^|\.)attn\.embed_positions$"
    r"|(^|\.)(attn|attention)\.(masked_bias|causal_mask)$|(^|\.)decoder\.version$|^v_head\."
)
"""Tables of positions and masks that older versions saved and newer ones compute, and the value
head of reinforcement learning, which only reads. What else a class can do without, transformers
knows (`_keys_to_ignore_on_load_unexpected`) and doesn't report."""
_MASK = re.compile(r"(^|\.)(attn|attention)\.bias$")  # a mask where it is [1, 1, n, n], else a bias
_SCALE = re.compile(r"scale|absmax|quant_state|SCB|zero", re.I)
_NUMBERS = ("F64", "F32", "F16", "BF16")


def refuse_strange(what: object, place: Path, model: PreTrainedModel, info: dict[str, Any]) -> None:
    """Raise KnError where files and model have not the same tensors, or not as numbers.

    place: the folder of the files; info: the `loading_info` of `from_pretrained`.
    """
    shapes = _shapes(place)
    refuse_gaps(what, info)
    title = type(model).__name__
    extra = [n for n in sorted(info["unexpected_keys"]) if not _is_harmless(n, shapes)]
    if extra:
        raise KnError(
            f"the files of {what} hold {len(extra)} tensors that {title} has no place for "
            f"({_some(extra)}): without them it would be another model"
        )
    _refuse_codes(what, place, shapes)


def _refuse_codes(what: object, place: Path, shapes: Shapes) -> None:
    """Numbers of a few bits are codes: alone, or where nobody says for what, they mean nothing."""
    coded = [n for n, (kind, shape) in shapes.items() if kind not in _NUMBERS and len(shape) == 2]
    scaled = {n.rpartition(".")[0] for n in shapes if _SCALE.search(n)}
    told = json.loads((place / "config.json").read_text(encoding="utf-8"))
    if told.get("quantization_config"):
        coded = [n for n in coded if n.rpartition(".")[0] not in scaled]
    if coded:
        raise KnError(
            f"the files of {what} hold weights as {shapes[coded[0]][0]} ({_some(coded)}) and not "
            "what numbers they stand for: give the model as it was before it was quantized"
        )


def named_method(told: Any) -> str:
    """How a model's config.json says that it was quantized, in a few words."""
    told = told if isinstance(told, dict) else {}
    method = told.get("quant_method") or ("MLX" if "group_size" in told else "method unknown")
    bits = told.get("bits") or told.get("w_bit")
    blocks = told.get("weight_block_size")
    return (
        str(method)
        + (f", {bits} bits" if bits else "")
        + (f", blocks of {blocks}" if blocks else "")
    )


def refuse_gaps(what: object, info: dict[str, Any]) -> None:
    """Raise KnError where tensors of the model are in no file: they would be random numbers."""
    missing = sorted(info["missing_keys"])
    gaps = missing + sorted(str(k) for k in info.get("mismatched_keys", ()))
    if not gaps:
        return
    if prefix := _prefix(missing, info["unexpected_keys"]):
        raise KnError(
            f"the tensors of {what} are named with `{prefix}` before their names, as a wrapped "
            "model's (torch.compile, DataParallel) are: save the model without its wrapper"
        )
    raise KnError(
        f"the weights of {what} lack {len(gaps)} of the model's tensors ({gaps[0]}, ...): they are "
        "incomplete or belong to no causal language model"
    )


def _prefix(missing: Collection[str], unexpected: Collection[str]) -> str | None:
    """What stands before the names of all missing tensors in the files."""
    for name in unexpected:
        for wanted in missing:
            prefix = name.removesuffix(wanted)
            if prefix and prefix != name and all(prefix + m in unexpected for m in missing):
                return prefix
    return None


def _is_harmless(name: str, shapes: Shapes) -> bool:
    shape = shapes[name][1] if name in shapes else ()
    return bool(_HARMLESS.search(name) or (_MASK.search(name) and len(shape) == 4))


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if names[3:] else "")


def _shapes(place: Path) -> Shapes:
    """What the files that transformers reads hold, by their headers."""
    return {name: told for file in _files(place) for name, told in _header(file)}


def _files(place: Path) -> list[Path]:
    """The files with weights that transformers takes: the first kind of these that is there."""
    for whole in ("model.safetensors", "pytorch_model.bin"):
        index = place / f"{whole}.index.json"
        if (place / whole).is_file():
            return [place / whole]
        if index.is_file():
            names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            return [place / name for name in sorted(set(names))]
    return []


def _header(file: Path) -> Iterator[tuple[str, tuple[str, tuple[int, ...]]]]:
    if file.suffix == ".safetensors":
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            told = json.loads(opened.read(size))
        for name, about in told.items():
            if name != "__metadata__":
                yield name, (about["dtype"], tuple(about["shape"]))
        return
    import torch

    kinds = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16"}
    kinds |= {torch.bfloat16: "BF16"}
    for name, tensor in torch.load(file, map_location="meta", weights_only=True).items():
        kind = str(tensor.dtype).removeprefix("torch.")
        yield name, (kinds.get(tensor.dtype, kind), tuple(tensor.shape))
