"""Settings of an atlas: one dataclass with defaults, stored with the tables."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from kn_assets.atlas.machine import refuse_unknown
from kn_assets.errors import KnError
from kn_assets.lake import fingerprint

# Raised when the same settings would give other tables, so that older atlases are made again.
VERSION = 2
LONGEST = 1 << 15
DTYPES = ("auto", "float32", "bfloat16")
LENSES = ("all", "lazy")


def _setting(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class AtlasSettings:
    """Settings of an atlas; the defaults are the mission's.

    Raises KnError from `checked` where a value makes no sense.
    """

    corpus: str = _setting("wikipedia", "corpus of the prompts: wikipedia, geonames or a file")
    model: str = _setting("gpt2", "model: smollm2-135m, a hub name, a folder or a GGUF file")
    revision: str | None = _setting(None, "revision of a hub model, such as step1000")
    limit: int | None = _setting(None, "number of prompts; default all")
    tokens: int = _setting(30, "tokens per prompt")
    density: float = _setting(0.01, "target share of a layer's activations that fire")
    threshold: float | None = _setting(
        None, "|activation| at which a neuron fires, instead of a density"
    )
    dtype: str = _setting(
        "auto", "float32, bfloat16, or auto: bfloat16 where the CPU is fast at it"
    )
    device: str = _setting(
        "auto", "device of the forward pass: cpu, cuda, or auto: cuda if available"
    )
    lens: str = _setting("all", "all: in the run; lazy: each prompt when it is opened in the app")
    top_k: int = _setting(20, "top activating tokens kept per neuron and sign")
    vocabulary_k: int = _setting(10, "tokens kept per value vector and sign")
    seed: int = _setting(0, "seed of calibration and maps")

    def checked(self) -> AtlasSettings:
        for name in ("tokens", "top_k", "vocabulary_k"):
            if getattr(self, name) < 1:
                raise KnError(f"--{name.replace('_', '-')} must be at least 1")
        if self.tokens > LONGEST:
            raise KnError(f"--tokens must be at most {LONGEST:,}: positions are kept in two bytes")
        if self.limit is not None and self.limit < 1:
            raise KnError("--limit must be at least 1")
        if not 0 < self.density < 1:
            raise KnError("--density must lie between 0 and 1, e.g. 0.01")
        if self.threshold is not None and not self.threshold > 0:
            raise KnError("--threshold must be over 0")
        if self.dtype not in DTYPES:
            raise KnError(f"--dtype must be one of {', '.join(DTYPES)}")
        refuse_unknown(self.device)
        if self.lens not in LENSES:
            raise KnError(f"--lens must be one of {', '.join(LENSES)}")
        return self

    def with_given(self, **given: Any) -> AtlasSettings:
        """These settings with those of `given` that aren't None in their place."""
        known = {f.name for f in fields(self)}
        return replace(self, **{k: v for k, v in given.items() if k in known and v is not None})

    def fingerprint(self, *parts: str) -> str:
        """Identity of what these settings make out of `parts` (corpus and model fingerprints).

        When the lens is computed doesn't change it: a lazy atlas and a whole one are the same. Nor
        does the device: so an atlas can be completed on another machine.
        """
        made_of = {k: v for k, v in asdict(self).items() if k not in ("device", "lens")}
        return fingerprint.of_json([VERSION, made_of, parts], sort_keys=True)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> AtlasSettings:
        known = {f.name for f in fields(cls)}
        return cls(**{k: v for k, v in json.loads(text).items() if k in known})
