"""The corpus: cities -> pages -> prompts, a partition for each corpus."""

import dagster as dg

from kn_assets.defs.resources import REQUIRED, corpora, corpus_plan
from kn_assets.defs.tables import check_specs, spec, told


def _asset(table: str, *deps: str) -> dg.AssetsDefinition:
    checked = [*check_specs([table])]
    if table == "pages":
        checked.append(dg.AssetCheckSpec("failed_share", asset="pages", blocking=True))

    @dg.multi_asset(
        name=table,
        specs=[spec(table, "corpus", {"python"}, deps=deps)],
        check_specs=checked,
        partitions_def=corpora,
        required_resource_keys=REQUIRED,
        pool="corpus",
    )
    def make(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        plan = corpus_plan(context)
        progress = context.resources.progress.of(context)
        more = plan.make(table, progress)
        result = told(plan.lake, plan.partition, table, more)
        if table == "pages":
            share = more.get("failed share", 0.0)
            outcome = dg.AssetCheckResult(
                passed=share <= plan.wikipedia.max_failed_share,
                check_name="failed_share",
                asset_key="pages",
                metadata={"share": share, "at most": plan.wikipedia.max_failed_share},
            )
            result = result._replace(check_results=[*result.check_results, outcome])
        return result

    return make


cities = _asset("cities")
pages = _asset("pages", "cities")
prompts = _asset("prompts", "cities", "pages")
