"""Circuits of facts: which units, at which tokens, carry an answer."""

from kn_assets.defs.assets import Context, assets
from kn_assets.defs.resources import atlas_plan, circuit_settings
from kn_assets.knowledge.circuits.tables import CircuitsPlan


def _circuits(context: Context) -> CircuitsPlan:
    return CircuitsPlan(atlas_plan(context), circuit_settings(context))


circuits = assets(
    CircuitsPlan, _circuits, group="circuits", kinds="pytorch", pool="model", name="circuits"
)
