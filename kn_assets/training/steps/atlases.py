"""The atlases in the lake that are steps of one training."""

from __future__ import annotations

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans
from kn_assets.training.steps.names import axis

_NEEDED = ("atlases", "neurons", "neuron_top", "neuron_peaks", "tokens")


def atlases_of(lake: Lake, name: str) -> dict[int, Partition]:
    """Step -> atlas, in order, of the model whose key without step is `name`.

    Atlases that lack a table, and those that `axis` leaves out, are left out. Raises KnError for
    fewer than two, and where their prompts aren't the same.
    """
    names = [
        partition.key.partition("@")[2]
        for partition in lake.partitions("model")
        if partition.key.partition("@")[0] == name and _is_whole(lake, partition)
    ]
    steps = axis(filter(None, names)).names
    found = {step: lakes.model(f"{name}@{key}") for step, key in steps.items()}
    if len(found) < 2:
        raise KnError(
            f"{name} has {len(found)} atlases of training steps; two at least are needed: "
            "`kn run --model NAME --steps-of all` makes them"
        )
    told = {step: prompts_of(lake, partition) for step, partition in found.items()}
    if len(set(told.values())) > 1:
        raise KnError(
            f"the atlases of {name} are of different prompts "
            f"({'; '.join(f'step {s}: {n} of {c}' for s, (c, n) in sorted(told.items()))}): "
            "make them all with the same --corpus, --limit and --tokens"
        )
    return dict(sorted(found.items()))


def prompts_of(lake: Lake, atlas: Partition) -> tuple[str, int]:
    """An atlas' corpus, and how many of its prompts the atlas holds."""
    row = lake.read(atlas, "atlases", ["corpus", "n_prompts"]).to_pylist()[0]
    return row["corpus"], row["n_prompts"]


def _is_whole(lake: Lake, atlas: Partition) -> bool:
    return all(plans.is_made(lake, atlas, table) for table in _NEEDED)
