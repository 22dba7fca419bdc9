"""Which atlas is meant: its settings, its place in the lake, what its tables are made of."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

from kn_assets import lake
from kn_assets.atlas.copies import CONTENT, content_of_weights, identity_of_weights
from kn_assets.atlas.machine import device, fast_at_bfloat16
from kn_assets.atlas.needs import NEEDS
from kn_assets.atlas.paths import paths, words_of_paths
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import names
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake.plan import Figures, Note, Plan
from kn_assets.lake.schema import ALL
from kn_assets.models import source as sources
from kn_assets.progress import Progress

VOCABULARY = "neuron_vocabulary"


@dataclass(frozen=True)
class AtlasPlan(Plan):
    """An atlas to be made in a lake with some settings: the one pass' tables and the vocabulary."""

    lake: Lake
    settings: AtlasSettings

    tables: ClassVar[tuple[str, ...]] = (*NEEDS, VOCABULARY)
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        **dict.fromkeys(NEEDS, ("prompts",)),
        VOCABULARY: ("atlases",),
    }
    one_pass: ClassVar[tuple[str, ...]] = tuple(NEEDS)

    @classmethod
    def of(cls, lake: Lake, key: str, **given: Any) -> AtlasPlan:
        """The plan of the atlas `key`: as it was made or by default, with `given` in place.

        Raises KnError where `given` names a model whose atlas has another key.
        """
        return cls(lake, _as_made(lake, key).with_given(**given).checked()).called(key)

    def called(self, key: str) -> AtlasPlan:
        """This plan. Raises KnError where its atlas has another key."""
        if self.source.key != key:
            raise KnError(
                f"the atlas of {self.settings.model} is {self.source.key}, not {key}: choose that "
                "partition, or set another model"
            )
        return self

    def check_same(self) -> None:
        """Raise KnError where the atlas was made with other settings: its tables wouldn't agree."""
        meta = self.lake.meta(self.model, "atlases")
        if meta is not None and meta["fingerprint"] != self.identity:
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

    @property
    def partition(self) -> Partition:
        return self.model

    @cached_property
    def corpus(self) -> Partition:
        """The partition of the atlas' corpus."""
        return lake.corpus(names.resolve(self.settings.corpus).key)

    @property
    def identity(self) -> str:
        """Identity of what all tables of the atlas are made of, its maps and concepts too.

        Raises KnError where there are no prompts.
        """
        meta = self.lake.meta(self.corpus, "prompts")
        if meta is None:
            raise KnError(
                f"there are no prompts of {self.corpus.key} yet: `kn run --corpus "
                f"{self.settings.corpus}` makes them"
            )
        return self.worded.fingerprint(meta["fingerprint"], self.weights)

    @property
    def worded(self) -> AtlasSettings:
        """The settings as fingerprints take them: without paths, whose content has its own. One
        that was taken with paths, or with other words for the same, is kept.
        """
        settings, local = self.settings, self.source.kind in ("folder", "gguf")
        if local:
            settings = replace(settings, model=self.source.key, revision=None)
        if names.resolve(settings.corpus).path is not None:
            settings = replace(settings, corpus=self.corpus.key)
        note = self.lake.meta(self.model, "atlases")
        prompts = self.lake.meta(self.corpus, "prompts")
        if settings == self.settings or note is None or prompts is None:
            return settings
        for words in (*words_of_paths(self.lake, self.model, note), paths(self.settings)):
            other = replace(settings, **words)
            if other.fingerprint(prompts["fingerprint"], self.weights) == note["fingerprint"]:
                return other
        return settings

    @cached_property
    def kept(self) -> AtlasSettings:
        """The settings as the lake keeps them: paths hold from any folder, see `Lake.portable`."""
        corpus = self.settings.corpus
        if names.resolve(corpus).path is not None:
            corpus = self.lake.portable(corpus)
        model = sources.kept(self.settings.model, self.settings.revision, self.lake)
        return replace(self.settings, corpus=corpus, model=model)

    @cached_property
    def files(self) -> str:
        """The fingerprint of the model's files, which is another one in a copy with other times."""
        return sources.fingerprint(self.source, self.lake)

    @cached_property
    def weights(self) -> str:
        """Identity of the model's weights, see `identity_of_weights`."""
        return identity_of_weights(self.lake, self.model, self.source, self.files)

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
        return device(self.settings.device)

    # -- as a plan ------------------------------------------------------------------------------

    def places(self, name: str) -> list[Partition]:
        return [self.model if ALL[name].kind == "model" else self.corpus]

    def fingerprint(self, table: str) -> str:
        return self.identity

    def notes(self, table: str) -> dict[str, Any]:
        """With the atlas' row its settings as they were given (the row has `auto` settled), and
        what it stands on: the corpus' prompts and the model.
        """
        if table != "atlases":
            return {}
        return {
            "settings": asdict(self.kept),
            "worded": paths(self.worded),
            "corpus": self.corpus.key,
            "prompts": (self.lake.meta(self.corpus, "prompts") or {}).get("fingerprint"),
            "source": self.kept_source,
            "weights": self.weights,
            CONTENT: content_of_weights(self.lake, self.source, self.files),
        }

    @property
    def kept_source(self) -> str:
        """Where the model is from, as the lake keeps it."""
        if self.source.kind in ("folder", "gguf"):
            return self.lake.portable(self.source.ref)
        return str(self.source)

    def fits(self, table: str, note: Note) -> bool:
        if note.get("lazy") and self.settings.lens == "all":
            return False  # what was left for later is wanted now
        return super().fits(table, note)

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        from kn_assets.atlas import extract

        extract.one_pass(self, set(tables) & set(NEEDS), progress)
        if VOCABULARY in tables:
            extract.write_vocabulary(self, progress)
        return {}

    def rows(self, table: str) -> int:
        """Rows of a table that is there; 0 where it isn't."""
        meta = self.lake.meta(self.model, table)
        return int(meta["rows"]) if meta else 0


def _as_made(lake: Lake, key: str) -> AtlasSettings:
    """The settings that the atlas `key` was made with; defaults where there is none."""
    atlas = Partition("model", key)
    note, default = lake.meta(atlas, "atlases"), AtlasSettings(model=key)
    if note is None:
        return default
    if "settings" in note:
        given = {
            k: lake.located(v) if isinstance(v, str) else v for k, v in note["settings"].items()
        }
        settings = default.with_given(**given)
    else:
        settings = _by_row(lake, atlas, default, note)
    lens = lake.meta(atlas, "logit_lens")
    return replace(settings, lens="lazy" if lens.get("lazy") else "all") if lens else settings


def _by_row(lake: Lake, atlas: Partition, default: AtlasSettings, note: Note) -> AtlasSettings:
    """The settings by the row of `atlases` alone, which says what `auto` came to: whether a dtype
    was given or came of it shows by the fingerprint.
    """
    (row,) = lake.read(atlas, "atlases", ["settings"])["settings"].to_pylist()
    settings = replace(default.with_given(**json.loads(row or "{}")), device="auto")
    auto = AtlasPlan(lake, replace(settings, dtype="auto"))
    try:
        return auto.settings if auto.identity == note["fingerprint"] else settings
    except KnError:  # its prompts or its model are gone: there is nothing to compare with
        return settings


@dataclass(frozen=True)
class OnAtlas(Plan):
    """A plan whose tables stand on an atlas and lie beside its own."""

    atlas: AtlasPlan

    @property
    def lake(self) -> Lake:
        return self.atlas.lake

    @property
    def partition(self) -> Partition:
        return self.atlas.partition

    def places(self, name: str) -> list[Partition]:
        return self.atlas.places(name)
