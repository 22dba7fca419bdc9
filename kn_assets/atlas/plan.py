"""Which atlas is meant: its settings, its place in the lake, and what its tables must be made of."""

from __future__ import annotations

import re
import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from kn_assets import corpora, lake
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.atlas.tokens import TokenizedPrompts, tokenize
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.models import source as sources
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kn_assets.models.load import LoadedModel

_loaded: dict[tuple[object, ...], LoadedModel] = {}


@dataclass(frozen=True)
class AtlasPlan:
    """An atlas to be made in a lake with some settings. Cheap: reads no weights and no prompts."""

    lake: Lake
    settings: AtlasSettings

    @cached_property
    def source(self) -> sources.ModelSource:
        return sources.resolve(self.settings.model, self.settings.revision)

    @cached_property
    def model(self) -> Partition:
        """The atlas' partition."""
        return lake.model(self.source.key)

    @cached_property
    def corpus(self) -> Partition:
        """The partition of the atlas' corpus."""
        return lake.corpus(corpora.resolve(self.settings.corpus).key)

    @property
    def fingerprint(self) -> str:
        """Identity of what the tables are made of. Raises KnError where there are no prompts yet."""
        meta = self.lake.meta(self.corpus, "prompts")
        if meta is None:
            raise KnError(
                f"there are no prompts of {self.corpus.key} yet: `kn run --corpus "
                f"{self.settings.corpus}` makes them"
            )
        model = sources.fingerprint(self.source, self.lake)
        return self.settings.fingerprint(meta["fingerprint"], model)

    @cached_property
    def dtype(self) -> Literal["float32", "bfloat16"]:
        """The dtype the model runs in, with `auto` settled."""
        if self.settings.dtype == "auto":
            return "bfloat16" if fast_at_bfloat16() else "float32"
        return "bfloat16" if self.settings.dtype == "bfloat16" else "float32"

    # -- what is there --------------------------------------------------------------------------

    def is_current(self, table: str) -> bool:
        return self.lake.is_current(self.model, table, self.fingerprint)

    def rows(self, table: str) -> int:
        meta = self.lake.meta(self.model, table)
        return int(meta["rows"]) if meta else 0

    # -- making ---------------------------------------------------------------------------------

    def replacing(self, table: str) -> AbstractContextManager[Path]:
        return self.lake.replacing(self.model, table, self.fingerprint)

    def write(self, table: str, data: pa.Table | Iterable[pa.RecordBatch]) -> int:
        return self.lake.write(self.model, table, data, self.fingerprint)

    def work(self, name: str) -> Path:
        """A folder for unfinished work on these settings; work on others is thrown away."""
        mine = f"{name}-{self.fingerprint}"
        for other in self.lake.folder(self.model).glob(f".work-{name}-*"):
            if other.name != f".work-{mine}":
                shutil.rmtree(other)
        return self.lake.work(self.model, mine)

    def load(self, attention: Literal["sdpa", "eager"], progress: Progress) -> LoadedModel:
        """The model in the atlas' dtype; the last one stays in memory for the next table."""
        from kn_assets.models.load import load

        key = (self.source, self.lake.root, self.dtype, attention)
        if key not in _loaded:
            _loaded.clear()
            progress.say(f"loading {self.source} in {self.dtype}")
            _loaded[key] = load(
                self.source, self.lake, self.dtype, attention=attention, progress=progress
            )
        return _loaded[key]

    def tokenize(self, tokenizer: Any, context: int) -> TokenizedPrompts:
        """The atlas' prompts as token ids. Raises KnError where there are none."""
        if self.settings.tokens > context:
            raise KnError(
                f"{self.source} reads at most {context} tokens: give --tokens {context} or fewer"
            )
        found = self.lake.read(self.corpus, "prompts", ["prompt_id", "text"])
        if self.settings.limit is not None:
            found = found.slice(0, self.settings.limit)
        ids = found.column("prompt_id").to_numpy()
        prompts = tokenize(
            tokenizer, np.asarray(ids), found.column("text").to_pylist(), self.settings.tokens
        )
        if not len(prompts):
            raise KnError(f"corpus {self.corpus.key} holds no prompt: check what it was made from")
        return prompts


def fast_at_bfloat16() -> bool:
    """Whether the machine multiplies bfloat16 natively, where it is about twice as fast.

    Elsewhere bfloat16 is emulated and slower than float32.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return False
    return re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", flags) is not None
