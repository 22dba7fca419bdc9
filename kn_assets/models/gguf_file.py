"""What a GGUF file holds, beside what transformers made of it: nothing of it may be dropped.

transformers maps the tensors and settings of the file that it knows, and passes over the others
without a word: blocks behind the last, biases, the factors by which positions are scaled.
"""

from __future__ import annotations

import json
import re
import struct
from math import prod
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError

_BLOCK = re.compile(r"blk\.(\d+)\.")
_WHOLE = re.compile(r"(token_embd|token_embd_norm|position_embd|output_norm|output)\.(weight|bias)")


def refuse_lost_blocks(file: Path) -> None:
    """Raise KnError where the file says that it has more blocks than it holds.

    To be asked before the model is built, which would take endless time and memory where a damaged
    header says billions.
    """
    from transformers.integrations.gguf.reader import GgufHeader, read_gguf_metadata

    header = GgufHeader.from_file(str(file))
    metadata, _ = read_gguf_metadata(str(file))
    told = metadata.get(f"{header.architecture}.block_count")
    found = {int(block[1]) for t in header.tensors if (block := _BLOCK.match(t.name))}
    if told is not None and told > len(found):
        raise KnError(
            f"{file} says that it has {told:,} blocks and holds {len(found):,}: cut or damaged"
        )


def refuse_unread(file: Path, model: Any) -> None:
    """Raise KnError where the file holds more numbers than the model made of it, or has its
    positions scaled and the model hasn't.
    """
    from transformers.integrations.gguf.reader import GgufHeader, read_gguf_metadata

    header = GgufHeader.from_file(str(file))
    config = model.config.get_text_config()
    tensors = [t for t in header.tensors if not _does_nothing(t, file, header.data_start)]
    if model.get_output_embeddings().weight is model.get_input_embeddings().weight:
        tensors = [t for t in tensors if t.name != "output.weight"]  # the same once more
    surplus = sum(prod(t.shape) for t in tensors) - sum(p.numel() for p in model.parameters())
    if surplus > 0:
        names = [t.name for t in tensors if not _has_place(t.name, config.num_hidden_layers)]
        raise KnError(
            f"{file} holds {surplus:,} numbers that {type(model).__name__} has no place for"
            f"{f' (in {names[0]})' if names else ''}: without them it would be another model; give "
            "the model that the file was made of, as a folder or hub name"
        )
    metadata, _ = read_gguf_metadata(str(file))
    kind = metadata.get(f"{header.architecture}.rope.scaling.type", "none")
    rope = getattr(config, "rope_parameters", None) or {}
    if kind != "none" and rope.get("rope_type", "default") == "default":
        raise KnError(
            f"{file} has its positions scaled ({kind}), which isn't read from GGUF files: give the "
            "model that it was made of, as a folder or hub name"
        )


def _does_nothing(tensor: Any, file: Path, data_start: int) -> bool:
    """Factors of positions that are all 1."""
    if tensor.name != "rope_freqs.weight":
        return False
    with file.open("rb") as opened:
        opened.seek(data_start + tensor.offset)
        return opened.read(tensor.nbytes) == struct.pack("<f", 1.0) * prod(tensor.shape)


def _has_place(name: str, n_layers: int) -> bool:
    block = _BLOCK.match(name)
    return int(block[1]) < n_layers if block else bool(_WHOLE.fullmatch(name))


def holds_all(file: Path, folder: Path) -> bool:
    """Whether a GGUF file has as many tensors as the folder that was once made of it, so that none
    of those is made up.
    """
    with file.open("rb") as opened:
        head = opened.read(16)
    made = 0
    for part in folder.glob("*.safetensors"):
        with part.open("rb") as opened:
            told = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        made += len(set(told) - {"__metadata__"})
    return len(head) == 16 and struct.unpack("<Q", head[8:])[0] >= made
