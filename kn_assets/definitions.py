"""The Dagster code location: every table of the lake as an asset, and what the assets are given."""

import dagster as dg

from kn_assets import defs as assets
from kn_assets.defs.resources import resources


@dg.definitions
def defs() -> dg.Definitions:
    """Assets from `defs/`, resources with their defaults."""
    return dg.Definitions(assets=dg.load_assets_from_package_module(assets), resources=resources())
