"""Facts and what holds them: the causal side, on its own, since it takes its own time."""

from kn_assets.defs.assets import Context, assets
from kn_assets.defs.resources import atlas_plan, corpus_plan, knowledge_settings
from kn_assets.knowledge.concept_table import ConceptsPlan
from kn_assets.knowledge.fact_tables import FactsPlan
from kn_assets.knowledge.tables import KnowledgePlan


def _facts(context: Context) -> FactsPlan:
    return FactsPlan(corpus_plan(context), knowledge_settings(context).fact_file)


def _knowledge(context: Context) -> KnowledgePlan:
    return KnowledgePlan(atlas_plan(context), knowledge_settings(context))


def _concepts(context: Context) -> ConceptsPlan:
    return ConceptsPlan(atlas_plan(context))


facts = assets(
    FactsPlan, _facts, group="knowledge", kinds="python", pool="corpus", name="told_facts"
)
knowledge = assets(
    KnowledgePlan, _knowledge, group="knowledge", kinds="pytorch", pool="model", name="knowledge"
)
concepts = assets(ConceptsPlan, _concepts, group="knowledge", kinds="scipy", pool="maps")
