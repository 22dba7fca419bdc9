"""The corpus: cities -> pages -> prompts, a partition for each corpus."""

from collections.abc import Mapping
from typing import Any

from kn_assets.checks import Outcome
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.defs.assets import assets
from kn_assets.defs.resources import corpus_plan


def _failed_share(plan: CorpusPlan, figures: Mapping[str, Any]) -> Outcome:
    """Whether few enough pages failed for the corpus to be used."""
    share, most = figures.get("failed share", 0.0), plan.wikipedia.max_failed_share
    return Outcome(
        "failed_share",
        share <= most,
        f"{share:.1%} of the pages failed",
        {"share": share, "at most": most},
    )


corpus = assets(
    CorpusPlan,
    corpus_plan,
    group="corpus",
    kinds="python",
    pool="corpus",
    more_checks={"pages": {"failed_share": _failed_share}},
)
