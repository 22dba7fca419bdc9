"""The atlas: one pass over the model feeds ten tables; vocabulary and maps follow. A partition a
model.
"""

from collections.abc import Iterator

import dagster as dg

from kn_assets.atlas import extract
from kn_assets.atlas.extract import NEEDS, write_vocabulary
from kn_assets.defs.resources import REQUIRED, atlas_plan, models
from kn_assets.defs.tables import check_specs, spec, told
from kn_assets.maps import tables

_PROMPTS = dg.AssetDep("prompts", partition_mapping=dg.AllPartitionMapping())


@dg.multi_asset(
    name="one_pass",
    specs=[spec(table, "atlas", {"pytorch"}, deps=[_PROMPTS], skippable=True) for table in NEEDS],
    check_specs=check_specs(NEEDS),
    partitions_def=models,
    required_resource_keys=REQUIRED,
    can_subset=True,
    pool="model",
)
def one_pass(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Run the model once over the prompts for whichever of the tables are wanted."""
    plan = atlas_plan(context)
    plan.save()
    wanted = {key.to_user_string() for key in context.selected_asset_keys}
    extract.one_pass(plan, wanted, context.resources.progress.of(context))
    for table in NEEDS:
        if table in wanted:
            yield told(plan.lake, plan.model, table)


@dg.multi_asset(
    name="neuron_vocabulary",
    specs=[spec("neuron_vocabulary", "atlas", {"pytorch"}, deps=["atlases"])],
    check_specs=check_specs(["neuron_vocabulary"]),
    partitions_def=models,
    required_resource_keys=REQUIRED,
    pool="model",
)
def neuron_vocabulary(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Send every value vector through the unembedding."""
    plan = atlas_plan(context)
    write_vocabulary(plan, context.resources.progress.of(context))
    return told(plan.lake, plan.model, "neuron_vocabulary")


def _map(table: str) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=table,
        specs=[spec(table, "maps", {"scikitlearn"}, deps=["atlases", "neuron_peaks"])],
        check_specs=check_specs([table]),
        partitions_def=models,
        required_resource_keys=REQUIRED,
        pool="maps",
    )
    def make(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        plan = atlas_plan(context)
        quality = tables.write_map(plan, table, context.resources.progress.of(context))
        return told(plan.lake, plan.model, table, quality)

    return make


neuron_map = _map("neuron_map")
prompt_map = _map("prompt_map")

_OF_CLUSTERS = ("neuron_map", "prompt_map", "neuron_top", "neuron_vocabulary", "tokens")


@dg.multi_asset(
    name="map_clusters",
    specs=[spec("map_clusters", "maps", set(), deps=["atlases", *_OF_CLUSTERS])],
    check_specs=check_specs(["map_clusters"]),
    partitions_def=models,
    required_resource_keys=REQUIRED,
    pool="maps",
)
def map_clusters(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Name the clusters of both maps by their countries and words."""
    plan = atlas_plan(context)
    tables.write_clusters(plan)
    return told(plan.lake, plan.model, "map_clusters")
