"""Loading: weights and tokenizer of a model, wherever they are, ready to be read from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import embedded
from kn_assets.models.convert import ONE_AT_A_TIME, gguf_to_folder, is_converted
from kn_assets.models.hub import hub_said_plainly, reach
from kn_assets.models.parts import Parts, find_parts
from kn_assets.models.quiet import quiet
from kn_assets.models.source import ModelSource, fingerprint
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedTokenizerBase

Dtype = Literal["float32", "bfloat16"]
Attention = Literal["sdpa", "eager"]


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in eval mode whose parameters take no gradient, its tokenizer and its parts.

    `commit` is the hub's commit that was loaded, None for what isn't from the hub.
    """

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    parts: Parts
    source: ModelSource
    commit: str | None = None


def load(
    source: ModelSource,
    lake: Lake,
    dtype: Dtype = "float32",
    *,
    device: str = "cpu",
    attention: Attention = "sdpa",
    progress: Progress | None = None,
) -> LoadedModel:
    """Load a model, downloading or converting it first where needed.

    attention="eager" is needed to see attention weights, see `Parts.attentions`. Raises KnError
    where the source can't be reached or read, lacks weights, or its architecture is unknown.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise KnError("no CUDA device, or torch was built without CUDA: use --device cpu")
    place, extra = _place(source, lake, progress or Progress())
    tokenizer = _tokenizer(source, place, extra)
    with _said_plainly(source, "weights"):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            place,
            dtype=getattr(torch, dtype),
            # Left open it is sdpa, or eager for the few that have none (GPT-Neo, Gemma 2).
            attn_implementation="eager" if attention == "eager" else None,
            output_loading_info=True,
            **extra,
        )
    model, info = loaded
    _refuse_gaps(source, info)
    model.eval().requires_grad_(False).to(device)
    parts = find_parts(model)
    parts.check(model)
    _refuse_stranger(source, tokenizer, parts)
    return LoadedModel(model, tokenizer, parts, source, extra.get("revision"))


def load_tokenizer(
    source: ModelSource, lake: Lake, progress: Progress | None = None
) -> PreTrainedTokenizerBase:
    """The model's tokenizer alone, without loading weights. Raises KnError like `load`."""
    place, extra = _place(source, lake, progress or Progress())
    return _tokenizer(source, place, extra)


def _place(source: ModelSource, lake: Lake, progress: Progress) -> tuple[str, dict[str, Any]]:
    """What `from_pretrained` is to be called with."""
    if source.kind == "embedded":
        return str(embedded.acquire(lake, progress)), {}
    if source.kind == "gguf":
        return str(_converted(source, lake, progress)), {}
    if source.kind == "folder":
        if not (Path(source.ref) / "config.json").is_file():
            raise KnError(f"config.json in {source.ref} is gone")
        return source.ref, {}
    return source.ref, reach(source)


def _converted(source: ModelSource, lake: Lake, progress: Progress) -> Path:
    origin = fingerprint(source, lake)
    folder = lake.models / f"gguf-{source.key}"
    with ONE_AT_A_TIME:
        if not is_converted(folder, origin):
            lake.make(lake.models)
            progress.say(f"converting {source.ref} to safetensors in {folder}: once")
            gguf_to_folder(Path(source.ref), folder, origin)
    return folder


def _tokenizer(source: ModelSource, place: str, extra: dict[str, Any]) -> PreTrainedTokenizerBase:
    """The tokenizer, checked: transformers can build an empty one and say nothing."""
    from transformers import AutoTokenizer

    with _said_plainly(source, "tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(place, **extra)
    words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
    if not words or not tokenizer("The city")["input_ids"]:
        raise KnError(f"the tokenizer of {source} is empty: its tokenizer files are missing")
    return tokenizer


def _refuse_gaps(source: ModelSource, info: dict[str, Any]) -> None:
    """Weights that the files lack would be random numbers: never show those as a model."""
    gaps = sorted(info["missing_keys"]) + sorted(str(k) for k in info.get("mismatched_keys", ()))
    if gaps:
        raise KnError(
            f"the weights of {source} lack {len(gaps)} of the model's tensors ({gaps[0]}, ...): "
            "they are incomplete or belong to no causal language model"
        )


def _refuse_stranger(source: ModelSource, tokenizer: PreTrainedTokenizerBase, parts: Parts) -> None:
    highest = max(tokenizer("The city of Kabul")["input_ids"])
    if highest >= parts.vocab_size:
        raise KnError(
            f"the tokenizer of {source} doesn't fit the model: it has token {highest}, the model "
            f"has {parts.vocab_size}"
        )


@contextmanager
def _said_plainly(source: ModelSource, what: str) -> Iterator[None]:
    """One line for whatever transformers has to say about files it can't make sense of."""
    from safetensors import SafetensorError

    try:
        with quiet(), hub_said_plainly(source):
            yield
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        ImportError,
        RuntimeError,
        SafetensorError,
    ) as e:
        said = (str(e).strip().splitlines() or [type(e).__name__])[0]
        raise KnError(f"can't load the {what} of {source}: {said}") from e
