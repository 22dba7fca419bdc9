"""An atlas' model in float32, as attribution, interventions and contributions need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.live.model import plan_of
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

_loaded: dict[tuple[object, ...], LoadedModel] = {}


def forget() -> None:
    """Let go of the model that is in memory."""
    _loaded.clear()


def float32_model(lake: Lake, key: str, progress: Progress) -> LoadedModel:
    """Load it, with the faster products that the stored tables are made by.

    The last one stays in memory, until its atlas is made again or `forget` is called. Raises
    KnError as `plan_of`, and where the model can't be read.
    """
    from kn_assets.models.linears import use_onednn_linears
    from kn_assets.models.load import load

    plan = plan_of(lake, key)
    made = plan.source, lake.root, str(lake.meta(partition(key), "thresholds"))
    if made not in _loaded:
        _loaded.clear()
        loaded = load(plan.source, lake, "float32", attention="eager", progress=progress)
        use_onednn_linears(loaded.model)
        _loaded[made] = loaded
    return _loaded[made]
