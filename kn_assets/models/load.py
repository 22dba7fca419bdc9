"""Loading: weights and tokenizer of a model, wherever they are, ready to be read from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.models import embedded, finite, weights
from kn_assets.models.attention import compare, passing
from kn_assets.models.convert import ONE_AT_A_TIME, gguf_to_folder, is_converted
from kn_assets.models.gguf_file import holds_all
from kn_assets.models.hub import ADAPTER, adapter, hub_said_plainly, reach
from kn_assets.models.parts import Parts, find_parts
from kn_assets.models.quiet import quiet
from kn_assets.models.reasons import why
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
    where the source can't be reached or read, its tensors aren't exactly those of the model or no
    finite numbers, its architecture is unknown, or its eager attention isn't the default one. From
    then on passes of `Parts.body` raise it too where they compute what isn't finite.
    """
    import torch
    from transformers import AutoModelForCausalLM

    refuse_missing(device)
    place, extra = _place(source, lake, progress or Progress())
    tokenizer = _tokenizer(source, place, extra)
    with _said_plainly(source, "weights", place):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            place,
            dtype=getattr(torch, dtype),
            # Left open it is sdpa, or eager for the few that have none (GPT-Neo, Gemma 2).
            attn_implementation="eager" if attention == "eager" else None,
            output_loading_info=True,
            trust_remote_code=False,
            **extra,
        )
    model, info = loaded
    weights.refuse_strange(source, _folder(source, place, extra), model, info)
    model.eval().requires_grad_(False).to(device)
    finite.refuse_weights(source, model)
    parts = find_parts(model)
    finite.watch(source, parts)
    with passing(parts) as seen:
        parts.check(model)
    if attention == "eager":
        compare(source, model, parts, seen)
    _refuse_stranger(source, tokenizer, parts)
    return LoadedModel(model, tokenizer, parts, source, extra.get("revision"))


def refuse_missing(device: str) -> None:
    """Raises KnError for a CUDA device that isn't there."""
    import torch

    if device.startswith("cuda") and not torch.cuda.is_available():
        raise KnError("no CUDA device, or torch was built without CUDA: use --device cpu")


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
        if (Path(source.ref) / ADAPTER).is_file():
            raise KnError(adapter(source))
        return source.ref, {}
    return source.ref, reach(source)


def _converted(source: ModelSource, lake: Lake, progress: Progress) -> Path:
    origin = fingerprint(source, lake)
    folder = lake.models / f"gguf-{source.key}"
    with ONE_AT_A_TIME:
        whole = is_converted(folder, origin) and holds_all(Path(source.ref), folder)
        if not whole:
            lake.make(lake.models)
            progress.say(f"converting {source.ref} to safetensors in {folder}: once")
            gguf_to_folder(Path(source.ref), folder, origin)
    return folder


def _tokenizer(source: ModelSource, place: str, extra: dict[str, Any]) -> PreTrainedTokenizerBase:
    """The tokenizer, checked: transformers can build an empty one and say nothing."""
    from transformers import AutoTokenizer

    with _said_plainly(source, "tokenizer", place):
        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=False, **extra)
    words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
    if not words or not tokenizer("The city")["input_ids"]:
        raise KnError(f"the tokenizer of {source} is empty: its tokenizer files are missing")
    return tokenizer


def _refuse_stranger(source: ModelSource, tokenizer: PreTrainedTokenizerBase, parts: Parts) -> None:
    highest = max(tokenizer("The city of Kabul")["input_ids"])
    if highest >= parts.vocab_size:
        raise KnError(
            f"the tokenizer of {source} doesn't fit the model: it has token {highest}, the model "
            f"has {parts.vocab_size}"
        )


def _folder(source: ModelSource, place: str, extra: dict[str, Any]) -> Path:
    """Where the files lie that `place` stands for: of the hub's models in its cache."""
    from huggingface_hub import try_to_load_from_cache

    if source.kind != "hub":
        return Path(place)
    cached = try_to_load_from_cache(place, "config.json", revision=extra["revision"])
    return Path(cached if isinstance(cached, str) else place).parent


@contextmanager
def _said_plainly(source: ModelSource, what: str, place: str) -> Iterator[None]:
    """One line for whatever transformers has to say about files it can't make sense of.

    Files of strangers make it raise errors of any kind.
    """
    try:
        with quiet(), hub_said_plainly(source):
            yield
    except KnError:
        raise
    except Exception as e:
        raise KnError(f"can't load the {what} of {source}: {why(e, Path(place))}") from e
