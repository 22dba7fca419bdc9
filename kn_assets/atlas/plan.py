"""Which atlas is meant: its settings, its place in the lake, what its tables are made of."""

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

from kn_assets import lake
from kn_assets.atlas.forward.tokens import TokenizedPrompts, tokenize
from kn_assets.atlas.settings import VERSIONS, AtlasSettings
from kn_assets.corpora import names
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.models import source as sources
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kn_assets.models.load import LoadedModel

SETTINGS = "settings.json"
_AT_ONCE = 256  # prompts whose whole texts are in memory
_loaded: dict[tuple[object, ...], LoadedModel] = {}


@dataclass(frozen=True)
class AtlasPlan:
    """An atlas to be made in a lake with some settings. Cheap: reads no weights and no prompts."""

    lake: Lake
    settings: AtlasSettings

    @classmethod
    def of(cls, lake: Lake, key: str, **given: Any) -> AtlasPlan:
        """The plan of the atlas `key`: as it was made before or by default, with `given` in place.

        Raises KnError where `given` names a model whose atlas has another key.
        """
        kept = lake.folder(Partition("model", key)) / SETTINGS
        if kept.exists():
            settings = AtlasSettings.from_json(kept.read_text(encoding="utf-8"))
        else:
            settings = AtlasSettings(model=key)
        plan = cls(lake, settings.with_given(**given).checked())
        if plan.source.key != key:
            raise KnError(
                f"the atlas of {plan.settings.model} is {plan.source.key}, not {key}: choose that "
                "partition, or set another model"
            )
        return plan

    def save(self) -> None:
        """Keep the settings beside the tables, for who makes a single table again."""
        folder = self.lake.folder(self.model)
        self.lake.make(folder)
        with lake.said_plainly(self.lake.root):
            lake.write_text(folder / SETTINGS, self.settings.to_json())

    def check_same(self) -> None:
        """Raise KnError where the atlas was made with other settings: its tables wouldn't agree."""
        meta = self.lake.meta(self.model, "atlases")
        if meta is not None and meta["fingerprint"] != self.fingerprint:
            raise KnError(
                f"atlas {self.model.key} was made with other settings, prompts or weights: make "
                "all its tables again (leave --only out), or give the settings it was made with"
            )

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
        return lake.corpus(names.resolve(self.settings.corpus).key)

    @property
    def fingerprint(self) -> str:
        """Identity of what the tables are made of. Raises KnError where there are no prompts."""
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
            fast = self.device == "cuda" or fast_at_bfloat16()
            return "bfloat16" if fast else "float32"
        return "bfloat16" if self.settings.dtype == "bfloat16" else "float32"

    @cached_property
    def device(self) -> str:
        """Where the one pass runs, with `auto` settled: `cpu` or `cuda`."""
        if self.settings.device != "auto":
            return self.settings.device
        return "cuda" if has_cuda() else "cpu"

    # -- what is there --------------------------------------------------------------------------

    def is_current(self, table: str) -> bool:
        meta = self.lake.meta(self.model, table)
        if meta is not None and meta.get("lazy") and self.settings.lens == "all":
            return False  # what was left for later is wanted now
        if meta is not None and meta.get("version", 1) != VERSIONS.get(table, 1):
            return False
        return self.lake.is_current(self.model, table, self.fingerprint)

    def rows(self, table: str) -> int:
        meta = self.lake.meta(self.model, table)
        return int(meta["rows"]) if meta else 0

    # -- making ---------------------------------------------------------------------------------

    def replacing(self, table: str) -> AbstractContextManager[Path]:
        return self.lake.replacing(self.model, table, self.fingerprint)

    def write(self, table: str, data: pa.Table | Iterable[pa.Table]) -> int:
        version = {"version": VERSIONS[table]} if table in VERSIONS else {}
        return self.lake.write(self.model, table, data, self.fingerprint, **version)

    def work(self, name: str) -> Path:
        """A folder for unfinished work on these settings; work on others is thrown away."""
        mine = f"{name}-{self.fingerprint}"
        for other in self.lake.folder(self.model).glob(f".work-{name}-*"):
            if other.name != f".work-{mine}":
                shutil.rmtree(other)
        return self.lake.work(self.model, mine)

    def load(self, progress: Progress, device: str = "cpu") -> LoadedModel:
        """The model in the atlas' dtype; the last one stays in memory for the next table.

        Attention is always the eager one, which costs no more here and gives its weights: so a
        table made alone comes out the same as one made beside `attention`.
        """
        from kn_assets.models.load import load

        key = (self.source, self.lake.root, self.dtype, device)
        if key not in _loaded:
            _loaded.clear()
            progress.say(f"loading {self.source} in {self.dtype}")
            _loaded[key] = load(
                self.source,
                self.lake,
                self.dtype,
                device=device,
                attention="eager",
                progress=progress,
            )
        return _loaded[key]

    def tokenize(self, tokenizer: Any, context: int) -> TokenizedPrompts:
        """The atlas' prompts as token ids. Raises KnError where there are none."""
        if self.settings.tokens > context:
            raise KnError(
                f"{self.source} reads at most {context} tokens: give --tokens {context} or fewer"
            )
        prompts = TokenizedPrompts.joined(
            tokenize(tokenizer, np.asarray(ids), texts.to_pylist(), self.settings.tokens)
            for ids, texts in self._prompts()
        )
        if not len(prompts):
            raise KnError(f"corpus {self.corpus.key} holds no prompt: check what it was made from")
        return prompts

    def _prompts(self) -> Iterator[tuple[pa.Array, pa.Array]]:
        """Ids and texts of the atlas' prompts, some at a time."""
        left = self.settings.limit
        for piece in self.lake.pieces(self.corpus, "prompts", ["prompt_id", "text"], _AT_ONCE):
            wanted = piece if left is None else piece.slice(0, left)
            yield wanted["prompt_id"], wanted["text"]
            if left is not None:
                left -= len(wanted)
                if left == 0:
                    return


def has_cuda() -> bool:
    """Whether torch finds a CUDA device; it isn't asked, which takes a second, without a driver."""
    if not Path("/dev/nvidiactl").exists():
        return False
    import torch

    return torch.cuda.is_available()


def fast_at_bfloat16() -> bool:
    """Whether the machine multiplies bfloat16 natively, where it is about twice as fast.

    Elsewhere bfloat16 is emulated and slower than float32.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return False
    return re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", flags) is not None
