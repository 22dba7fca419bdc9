"""A model through its training: the lens of facts at each step, and the tables over all steps.

The tables over steps have a partition for each training, named by the model without its step, as
they lie in the lake. Were they without partitions, a second training in the lake would take the
first one's place in Dagster: its last materialization, its checks, what it is stale against. And a
training is no key of `models`: no asset of an atlas can be made of it. What they stand on is some
of the partitions of `models`, those of the training's steps; since none of Dagster's own mappings
between partitions can say which, it is told that they stand on all.
"""

import dagster as dg

from kn_assets.defs.assets import Context, assets
from kn_assets.defs.resources import atlas_plan, knowledge_settings, steps_plan
from kn_assets.training.steps.lens import FactLensPlan
from kn_assets.training.steps.tables import StepsPlan


def _fact_lens(context: Context) -> FactLensPlan:
    return FactLensPlan.of(atlas_plan(context), knowledge_settings(context))


def _tell_parts(context: Context, plan: StepsPlan, table: str) -> None:
    """Tell Dagster of the atlases whose `neuron_map` was made as a part of `neuron_map_steps`."""
    if table != "neuron_map_steps":
        return
    metadata = {"part of": f"neuron_map_steps of {context.partition_key}"}
    for part in plan.sharers():
        context.log_event(
            dg.AssetMaterialization("neuron_map", partition=part.key, metadata=metadata)
        )


fact_lens = assets(
    FactLensPlan,
    _fact_lens,
    group="training",
    kinds="pytorch",
    pool="model",
    elsewhere=["attribution_error"],  # the facts asked are those attributed at the last step
)
over_steps = assets(
    StepsPlan,
    steps_plan,
    group="training",
    kinds={
        "neuron_steps": "numpy",
        "layer_steps": "numpy",
        "training_log": "python",
        "fact_steps": "python",
        "neuron_map_steps": "scikitlearn",
    },
    pool="maps",
    after=_tell_parts,
)
