"""A tiny atlas with its linear lens, and plain passes of transformers' own model to compare with.

A plain pass that tells what a stream would be read as puts that stream in the place of the last
block's output: final norm, head and all that an architecture adds are the model's own then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from kn_assets import lake as lakes
from kn_assets.atlas.extract import extract
from kn_assets.atlas.lens.translators import Translators
from kn_assets.atlas.linear_lens import TRANSLATORS
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.lake import Lake
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress
from tests.models import families, tiny

FAMILIES = ("gpt2", "llama")
MADE = ("atlases", "thresholds", "tokens", "neurons")
WORDS = ("Kabul", "city", "the", "of", "capital", "is", "Afghanistan", "a", "and", "well")
SEED = 0


def texts() -> list[str]:
    """Forty texts of words in an order of their own."""
    rng = np.random.default_rng(3)
    return [" ".join(rng.choice(WORDS, 9)) for _ in range(40)]


def made(folder: Path, family: str, prompts: list[str]) -> AtlasPlan:
    """An atlas of some prompts and a tiny model of a family."""
    lake = Lake(folder / "lake")
    if not (folder / "model").exists():
        tiny.save(folder / "model", family)
    (folder / "few.jsonl").write_text("{}")
    ids = np.arange(len(prompts))
    table = pa.table([ids.astype(np.int32), ids, prompts], schema=TABLES["prompts"].schema)
    lake.write(lakes.corpus("few"), "prompts", table, f"made of {hash(tuple(prompts))}")
    settings = AtlasSettings(
        corpus=str(folder / "few.jsonl"), model=str(folder / "model"), density=0.1, dtype="float32",
        seed=SEED, tokens=20,
    )  # fmt: skip
    plan = AtlasPlan(lake, settings.checked())
    extract(plan, MADE, Progress())
    return plan


@dataclass
class World:
    """An atlas with its linear lens, and transformers' own model."""

    plan: AtlasPlan
    model: Any
    family: str

    @property
    def lake(self) -> Lake:
        return self.plan.lake

    @property
    def translators(self) -> Translators:
        return Translators.of_table(self.lake.read(self.plan.model, TRANSLATORS))

    @property
    def blocks(self) -> list[Any]:
        return list(self.model.get_submodule(families.PLACES[self.family][0]))

    def tokens(self) -> dict[int, tuple[list[int], np.ndarray]]:
        """Ids and sinks of each prompt."""
        rows = self.lake.read(self.plan.model, "tokens").to_pylist()
        return {
            p: (
                [r["token_id"] for r in rows if r["prompt_id"] == p],
                np.array([r["sink"] for r in rows if r["prompt_id"] == p]),
            )
            for p in sorted({r["prompt_id"] for r in rows})
        }

    def streams(self, ids: list[int]) -> np.ndarray:
        """[layers, T, d_model], by hooks on each block."""
        found: list[np.ndarray] = []
        hooks = [
            b.register_forward_hook(lambda _m, _i, o: found.append(first(o)[0].numpy()))
            for b in self.blocks
        ]
        with torch.no_grad():
            self.model(torch.tensor([ids]), use_cache=False)
        for hook in hooks:
            hook.remove()
        return np.stack(found).astype(np.float64)

    def read(self, ids: list[int], stream: np.ndarray | None = None) -> np.ndarray:
        """Log-probabilities [T, vocabulary] where the last block puts out `stream` [T, d_model]."""

        def put(_m: Any, _i: Any, output: Any) -> Any:
            given = torch.from_numpy(stream).float()[None]
            return (given, *output[1:]) if isinstance(output, tuple) else given

        hook = None if stream is None else self.blocks[-1].register_forward_hook(put)
        with torch.no_grad():
            logits = self.model(torch.tensor([ids]), use_cache=False).logits[0].double()
        if hook:
            hook.remove()
        return logits.log_softmax(-1).numpy()


def first(output: Any) -> torch.Tensor:
    return output[0] if isinstance(output, tuple) else output
