"""Whether tables about a model's training, and its checkpoints, are the same as others."""

from __future__ import annotations

from collections.abc import Iterable

from kn_assets.lake import Lake, Partition, fingerprint
from kn_assets.lake.contents import FILES

# Raised when the same atlases would give other tables, so that older ones are made again.
VERSION = 3


def identity(*told: object) -> str:
    """A fingerprint of the names, settings and sources of a table: 16 hexadecimal digits."""
    return fingerprint.of_json([VERSION, *told])


def same_weights(lake: Lake, atlases: Iterable[Partition]) -> list[str]:
    """A line for each checkpoint whose atlas tells that its weights are another's: published twice.

    What its neurons write to the vocabulary, a product of weights alone, and their statistics over
    the prompts are equal to the last bit.
    """
    first: dict[tuple[str, ...], str] = {}
    words = []
    for atlas in atlases:
        step = atlas.key.partition("@")[2]
        notes = [lake.meta(atlas, t) or {} for t in ("neuron_vocabulary", "neurons")]
        sums = tuple(str(f["sha256"]) for n in notes for f in n.get(FILES, {}).values())
        if not all(n.get(FILES) for n in notes):  # not made, or before files were noted
            continue
        if (of := first.setdefault(sums, step)) != step:
            words.append(f"{step} has the same weights as {of}: was it published twice?")
    return words
