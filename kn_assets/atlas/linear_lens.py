"""The tables of the linear lens of an atlas: made of its tokens and its model."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pyarrow as pa

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.forward.tokens import TokenizedPrompts, vocabulary
from kn_assets.atlas.forward.vocabulary import neuron_vocabulary
from kn_assets.atlas.versioned import VersionedOnAtlas
from kn_assets.lake import plan as plans
from kn_assets.lake.plan import Figures
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

TRANSLATORS, QUALITY = "lens_translators", "lens_quality"
VOCABULARY = "neuron_vocabulary_linear"
LENSES = (TRANSLATORS, QUALITY, lazy_lens.READINGS, VOCABULARY)


@dataclass(frozen=True)
class LinearLensPlan(VersionedOnAtlas):
    """The linear lens of an atlas' model, how far it is from the model's own output, what neurons
    promote by it, and a table that is filled as prompts are read through it.
    """

    version: ClassVar[int] = 1
    tables: ClassVar[tuple[str, ...]] = LENSES
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        TRANSLATORS: ("atlases", "tokens"),
        QUALITY: ("atlases", "tokens"),
        lazy_lens.READINGS: (TRANSLATORS,),
        VOCABULARY: ("atlases", TRANSLATORS),
    }
    one_pass: ClassVar[tuple[str, ...]] = (TRANSLATORS, QUALITY)
    divisible: ClassVar[bool] = False

    def make(self, tables: Collection[str], progress: Progress) -> Figures:
        """Raises KnError where the model can't be had. Of an atlas with too few prompts the tables
        are empty.
        """
        from kn_assets.atlas.loaded import load_model

        plan, figures = self.atlas, {}
        plan.check_same()
        load = cache(lambda: load_model(plan, progress, plan.device))
        if {TRANSLATORS, QUALITY} & set(tables):
            figures[QUALITY] = self._fit(load, progress)
        if lazy_lens.READINGS in tables:
            lazy_lens.begin_readings(self)
        if VOCABULARY in tables:
            self._write_vocabulary(load, progress)
        return figures

    def _fit(self, load: Callable[[], LoadedModel], progress: Progress) -> dict[str, Any]:
        from kn_assets.atlas.lens.fitting import linear_lens

        prompts, sinks = _tokens(self)
        found = linear_lens(load(), prompts, sinks, self.atlas.settings.seed, progress)
        if found is None:
            plans.write(self, TRANSLATORS, TABLES[TRANSLATORS].schema.empty_table())
            plans.write(self, QUALITY, TABLES[QUALITY].schema.empty_table())
            return {"prompts": "too few for a linear lens"}
        plans.write(self, TRANSLATORS, found.translators.table())
        plans.write(self, QUALITY, found.quality)
        return {
            f"mean KL of the {lens} lens": _mean(found.quality, lens)
            for lens in ("logit", "linear")
        }

    def _write_vocabulary(self, load: Callable[[], LoadedModel], progress: Progress) -> None:
        from kn_assets.atlas.lens.translators import Translators

        translators = Translators.of_table(self.lake.read(self.partition, TRANSLATORS))
        if not len(translators.matrices):
            plans.write(self, VOCABULARY, TABLES[VOCABULARY].schema.empty_table())
            return
        loaded = load()
        words = vocabulary(loaded.tokenizer, loaded.parts.vocab_size)
        k, there = self.atlas.settings.vocabulary_k, translators.to(self.atlas.device)
        plans.write(self, VOCABULARY, neuron_vocabulary(loaded, words, k, progress, there))


def _tokens(plan: LinearLensPlan) -> tuple[TokenizedPrompts, np.ndarray]:
    """The atlas' prompts, and which tokens are attention sinks: bool [tokens]."""
    names = ["prompt_id", "position", "token_id", "sink"]
    found = plan.lake.read(plan.partition, "tokens", names).sort_by(
        [("prompt_id", "ascending"), ("position", "ascending")]
    )
    ids, lengths = np.unique(found["prompt_id"].to_numpy(), return_counts=True)
    prompts = TokenizedPrompts(
        ids.astype(np.int32),
        lengths.astype(np.int32),
        found["token_id"].to_numpy().astype(np.int32),
    )
    return prompts, found["sink"].to_numpy()


def _mean(quality: pa.Table, lens: str) -> float:
    """Mean over layers of the distance of one lens, without the last layer, where it is 0."""
    rows = [r for r in quality.to_pylist() if r["lens"] == lens]
    return float(np.mean([r["kl"] for r in sorted(rows, key=lambda r: r["layer"])[:-1]]))
