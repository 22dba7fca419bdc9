"""The atlas: one pass over the model feeds ten tables; vocabulary, linear lens, descriptions and
maps follow. A partition a model.
"""

from kn_assets.atlas.linear_lens import LinearLensPlan
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.defs.assets import Context, assets
from kn_assets.defs.resources import atlas_plan
from kn_assets.knowledge.descriptions.plan import DescriptionsPlan
from kn_assets.maps.tables import MapsPlan


def _lenses(context: Context) -> LinearLensPlan:
    return LinearLensPlan(atlas_plan(context))


def _descriptions(context: Context) -> DescriptionsPlan:
    return DescriptionsPlan(atlas_plan(context))


def _maps(context: Context) -> MapsPlan:
    return MapsPlan(atlas_plan(context))


atlas = assets(AtlasPlan, atlas_plan, group="atlas", kinds="pytorch", pool="model", name="one_pass")
lenses = assets(
    LinearLensPlan, _lenses, group="atlas", kinds="pytorch", pool="model", name="linear_lens"
)
descriptions = assets(DescriptionsPlan, _descriptions, group="atlas", kinds="numpy", pool="maps")
maps = assets(MapsPlan, _maps, group="maps", kinds="scikitlearn", pool="maps")
