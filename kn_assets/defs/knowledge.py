"""Facts and what holds them: the causal side, on its own, since it takes its own time."""

from collections.abc import Iterator

import dagster as dg

from kn_assets.defs.resources import (
    REQUIRED,
    atlas_plan,
    corpora,
    corpus_plan,
    knowledge_settings,
    models,
)
from kn_assets.defs.tables import check_specs, spec, told
from kn_assets.knowledge import tables

_FACTS = [dg.AssetDep(t, partition_mapping=dg.AllPartitionMapping()) for t in tables.OF_CORPUS]


@dg.multi_asset(
    name="told_facts",
    specs=[spec(t, "knowledge", {"python"}, deps=["cities"]) for t in tables.OF_CORPUS],
    check_specs=check_specs(tables.OF_CORPUS),
    partitions_def=corpora,
    required_resource_keys=REQUIRED,
    pool="corpus",
)
def told_facts(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Tell facts out of the corpus' own metadata or a file, each in several wordings."""
    plan = corpus_plan(context)
    progress = context.resources.progress.of(context)
    tables.write_facts(plan, knowledge_settings(context).fact_file, progress)
    for table in tables.OF_CORPUS:
        yield told(plan.lake, plan.partition, table)


@dg.multi_asset(
    name="knowledge",
    specs=[spec(t, "knowledge", {"pytorch"}, deps=_FACTS) for t in tables.OF_MODEL],
    check_specs=check_specs(tables.OF_MODEL),
    partitions_def=models,
    required_resource_keys=REQUIRED,
    pool="model",
)
def knowledge(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
    """Ask the facts, attribute the known ones to neurons, and intervene on those."""
    plan = atlas_plan(context)
    plan.save()
    progress = context.resources.progress.of(context)
    tables.write_knowledge(plan, knowledge_settings(context), progress)
    for table in tables.OF_MODEL:
        yield told(plan.lake, plan.model, table)


@dg.multi_asset(
    name="neuron_concepts",
    specs=[spec("neuron_concepts", "knowledge", {"scipy"}, deps=["neuron_peaks", "atlases"])],
    check_specs=check_specs(["neuron_concepts"]),
    partitions_def=models,
    required_resource_keys=REQUIRED,
    pool="maps",
)
def neuron_concepts(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Measure how well each neuron's peaks mark each country, continent, capital and size."""
    plan = atlas_plan(context)
    tables.write_concepts(plan, context.resources.progress.of(context))
    return told(plan.lake, plan.model, "neuron_concepts")
