"""A model through its training: the lens of facts at each step, and the tables over all steps.

The tables over steps have a partition for each training, named by the model without its step, as
they lie in the lake. Were they without partitions, a second training in the lake would take the
first one's place in Dagster: its last materialization, its checks, what it is stale against. And a
training is no key of `models`: no asset of an atlas can be made of it. What they stand on is some
of the partitions of `models`, those of the training's steps; since none of Dagster's own mappings
between partitions can say which, it is told that they stand on all.
"""

import dagster as dg

from kn_assets.defs.resources import (
    REQUIRED,
    atlas_plan,
    knowledge_settings,
    models,
    steps_plan,
    trainings,
)
from kn_assets.defs.tables import check_specs, spec, told
from kn_assets.knowledge.tables import OF_CORPUS
from kn_assets.training.steps import lens


def _all_of(*tables: str) -> list[dg.AssetDep]:
    return [dg.AssetDep(t, partition_mapping=dg.AllPartitionMapping()) for t in tables]


@dg.multi_asset(
    name="fact_lens",
    # The facts asked are those attributed at the last step, which is another partition.
    specs=[
        spec("fact_lens", "training", {"pytorch"}, deps=_all_of(*OF_CORPUS, "attribution_error"))
    ],
    check_specs=check_specs(["fact_lens"]),
    partitions_def=models,
    required_resource_keys=REQUIRED,
    pool="model",
)
def fact_lens(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Ask after each layer for what the facts answer."""
    plan = atlas_plan(context)
    asked = lens.asked(plan, knowledge_settings(context))
    lens.write(plan, asked, context.resources.progress.of(context))
    return told(plan.lake, plan.model, "fact_lens", {"facts": len(asked)})


def _over_steps(table: str, kinds: set[str], deps: list[dg.AssetDep]) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=table,
        specs=[spec(table, "training", kinds, deps=deps)],
        check_specs=check_specs([table]),
        partitions_def=trainings,
        required_resource_keys=REQUIRED,
        pool="maps",
    )
    def make(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        plan = steps_plan(context)
        plan.make(table, context.resources.progress.of(context))
        if table == "neuron_map_steps":
            _tell_parts(context, [p.key for p in plan.sharers()])
        return told(plan.lake, plan.model, table, {"steps": list(plan.atlases)} if deps else None)

    return make


def _tell_parts(context: dg.AssetExecutionContext, keys: list[str]) -> None:
    """Tell Dagster of the atlases whose `neuron_map` was made as a part of this table."""
    for key in keys:
        metadata = {"part of": f"neuron_map_steps of {context.partition_key}"}
        context.log_event(dg.AssetMaterialization("neuron_map", partition=key, metadata=metadata))


neuron_steps = _over_steps("neuron_steps", {"numpy"}, _all_of("atlases", "neurons", "neuron_top"))
layer_steps = _over_steps("layer_steps", {"numpy"}, [dg.AssetDep("neuron_steps")])
training_log = _over_steps("training_log", {"python"}, [])
fact_steps = _over_steps("fact_steps", {"python"}, _all_of("atlases", "fact_lens", *OF_CORPUS))
neuron_map_steps = _over_steps(
    "neuron_map_steps", {"scikitlearn"}, _all_of("atlases", "tokens", "neuron_peaks")
)
