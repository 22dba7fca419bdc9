"""GGUF files into folders that load fast: 2 s from safetensors instead of 13 from GGUF.

The weights are unpacked to float32, so nothing of what the file holds is lost.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kn_assets.errors import KnError
from kn_assets.lake import said_plainly, write_text
from kn_assets.models.gguf_file import refuse_lost_blocks, refuse_unread
from kn_assets.models.gguf_once import read_once
from kn_assets.models.reasons import first_line
from kn_assets.models.weights import refuse_gaps

STAMP = "kn_source.json"
ONE_AT_A_TIME = threading.Lock()
"""Held while a conversion is looked for or made: the app's threads may ask for one together."""
VERSION = 1
"""Raise it when the conversion changes what it writes: older results are then made again."""


def is_converted(folder: Path, origin: str) -> bool:
    """Whether `folder` holds the finished conversion of `origin` (a hash or fingerprint)."""
    try:
        stamp = json.loads((folder / STAMP).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return False
    return bool(stamp == {"origin": origin, "version": VERSION})


def gguf_to_folder(gguf: Path, folder: Path, origin: str) -> None:
    """Write model and tokenizer of a GGUF file to `folder`, which appears only when complete.

    Raises KnError where the file can't be read, lacks tensors of its model or holds others, its
    architecture is unknown to transformers, or the disk is full.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from kn_assets.models.quiet import quiet

    with appearing(folder) as fresh, quiet(), read_once(), disk_said_plainly(folder.parent):
        try:
            refuse_lost_blocks(gguf)
            tokenizer = AutoTokenizer.from_pretrained(
                gguf.parent, gguf_file=gguf.name, trust_remote_code=False
            )
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                gguf_file=gguf.name,
                dtype=torch.float32,
                quantization_config=GgufConfig(dequantize=True),
                output_loading_info=True,
                trust_remote_code=False,
            )
        except KnError:
            raise
        except Exception as e:  # a stranger's header makes the reader raise errors of any kind
            if isinstance(e, OSError) and e.errno is not None:
                raise  # the disk's, not the file's
            raise KnError(f"can't read {gguf} as a GGUF model ({first_line(e)})") from e
        model, info = loaded
        refuse_gaps(gguf, info)
        refuse_unread(gguf, model)
        # With it the saved model would still count as quantized, and `.float()` be refused.
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        model.save_pretrained(fresh)
        tokenizer.save_pretrained(fresh)
        write_text(fresh / STAMP, json.dumps({"origin": origin, "version": VERSION}))


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """Give a new folder to fill; on success it is renamed to `folder`, else removed."""
    with scratch(folder.with_name(f".new-{folder.name}")) as fresh:
        yield fresh
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Give an empty folder of this process' own, named after `path`, and remove it in the end.

    What killed processes left of theirs is cleared away first.
    """
    import psutil

    for left in path.parent.glob(f"{path.name}.*"):
        if not psutil.pid_exists(int(left.suffix[1:])):
            shutil.rmtree(left, ignore_errors=True)
    own = path.with_name(f"{path.name}.{os.getpid()}")
    own.mkdir(parents=True)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


@contextmanager
def disk_said_plainly(root: Path) -> Iterator[None]:
    """`said_plainly`, also for the safetensors library, whose errors are no OSError."""
    from safetensors import SafetensorError

    with said_plainly(root):
        try:
            yield
        except SafetensorError as e:
            if "No space left" in str(e) or "os error 28" in str(e):
                raise OSError(28, str(e)) from e
            raise
