"""What assets are given: the lake, the settings, and where progress shows.

The settings' names, defaults and meanings stand in the library's dataclasses; the resources here
are made out of those, so that Dagster's launchpad offers what the command line does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, get_type_hints

import dagster as dg
from pydantic import Field, create_model

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import wikipedia
from kn_assets.corpora.names import names
from kn_assets.corpora.plan import CorpusPlan
from kn_assets.database import database
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import ALL
from kn_assets.progress import BothProgress, LogProgress, Progress, TerminalProgress
from kn_assets.training.steps.tables import StepsPlan

corpora = dg.DynamicPartitionsDefinition(name="corpora")
models = dg.DynamicPartitionsDefinition(name="models")
trainings = dg.DynamicPartitionsDefinition(name="trainings")


def family(table: str) -> dg.DynamicPartitionsDefinition:
    """The partitions of a table's asset."""
    if table in StepsPlan.tables:
        return trainings
    return corpora if ALL[table].kind == "corpus" else models


class LakeResource(dg.ConfigurableResource):
    """The folder of tables."""

    root: str | None = Field(None, description="folder; $KN_DATA or data where not set")

    def open(self) -> Lake:
        """The lake; what is written through it awaits the checks that each asset makes."""
        return Lake(self.root, checked=True)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LakeResource"]:
        """While assets are made, be the lake's one writer; wait for another one to end.

        When a run, or a step in a process of its own, is over, write the views over all tables:
        after each table it would take longer than most small tables take to make. Where that fails,
        Dagster's log has the error and the run succeeds all the same. `kn run` writes them itself,
        after all of its runs, and fails with that error.
        """
        lake = self.open()
        with lake.writing(say=context.log.info if context.log else None):
            try:
                yield self
            finally:
                try:
                    database.keep_current(lake)
                except Exception:
                    if context.log:
                        context.log.exception("the views of the lake can't be written")


class ProgressResource(dg.ConfigurableResource):
    """Where progress shows: always in the run's log, and in a terminal where there is one."""

    terminal: bool = Field(False, description="also show bars on stderr")

    def of(self, context: dg.AssetExecutionContext) -> Progress:
        log = LogProgress(context.log.info)
        return BothProgress(TerminalProgress(), log) if self.terminal else log


def _resource(name: str, settings: type, **more: Any) -> Any:
    """A resource with the fields of a settings dataclass, all optional: None is the default's."""
    types = get_type_hints(settings)
    told: dict[str, Any] = {
        f.name: (types[f.name] | None, Field(None, description=f.metadata["help"]))
        for f in fields(settings)
    }
    return create_model(
        name, __base__=dg.ConfigurableResource, __doc__=settings.__doc__, **told, **more
    )


AtlasResource: Any = _resource(
    "AtlasResource",
    AtlasSettings,
    afresh=(
        bool,
        Field(False, description="what isn't set is the default, not as the atlas was made"),
    ),
)
WikipediaResource: Any = _resource("WikipediaResource", wikipedia.Settings)
KnowledgeResource: Any = _resource("KnowledgeResource", KnowledgeSettings)
CircuitResource: Any = _resource("CircuitResource", CircuitSettings)


def _given(resource: Any, settings: type) -> dict[str, Any]:
    return {f.name: getattr(resource, f.name) for f in fields(settings)}


def atlas_plan(context: dg.AssetExecutionContext) -> AtlasPlan:
    """The plan of the atlas that the run's partition names."""
    lake = context.resources.lake.open()
    resource, key = context.resources.atlas, context.partition_key
    given = _given(resource, AtlasSettings)
    if resource.afresh:
        return AtlasPlan(lake, AtlasSettings().with_given(**given).checked()).called(key)
    return AtlasPlan.of(lake, key, **given)


def corpus_plan(context: dg.AssetExecutionContext) -> CorpusPlan:
    """The plan of the corpus that the run's partition names; settings tell the path of a file."""
    lake = context.resources.lake.open()
    name = context.resources.atlas.corpus
    if name is None or context.partition_key in names():
        held = lake.meta(Partition("corpus", context.partition_key), "cities") or {}
        name = lake.located(held.get("source", context.partition_key))
    settings = wikipedia.Settings.of(**_given(context.resources.wikipedia, wikipedia.Settings))
    return CorpusPlan(lake, name, settings).called(context.partition_key)


def steps_plan(context: dg.AssetExecutionContext) -> StepsPlan:
    """The plan of the tables over the steps of the training that the run's partition names."""
    return StepsPlan(context.resources.lake.open(), context.partition_key)


def knowledge_settings(context: dg.AssetExecutionContext) -> KnowledgeSettings:
    """How many facts are asked and how they are taken apart."""
    return KnowledgeSettings(**_set(context.resources.knowledge, KnowledgeSettings)).checked()


def circuit_settings(context: dg.AssetExecutionContext) -> CircuitSettings:
    """Of which facts circuits are made, and how."""
    return CircuitSettings(**_set(context.resources.circuits, CircuitSettings)).checked()


def _set(resource: Any, settings: type) -> dict[str, Any]:
    """What was given: the rest has its defaults."""
    return {k: v for k, v in _given(resource, settings).items() if v is not None}


def resources(
    root: str | None = None,
    terminal: bool = False,
    atlas: dict[str, Any] | None = None,
    wiki: dict[str, Any] | None = None,
    knowledge: dict[str, Any] | None = None,
    circuits: dict[str, Any] | None = None,
    afresh: bool = False,
) -> dict[str, Any]:
    """All resources by the names assets know them under.

    afresh: `atlas` are all its settings; else those it lacks are the atlas' own, where it is there.
    """
    return {
        "lake": LakeResource(root=root),
        "progress": ProgressResource(terminal=terminal),
        "atlas": AtlasResource(**(atlas or {}), afresh=afresh),
        "wikipedia": WikipediaResource(**(wiki or {})),
        "knowledge": KnowledgeResource(**(knowledge or {})),
        "circuits": CircuitResource(**(circuits or {})),
    }


REQUIRED = {"lake", "progress", "atlas", "wikipedia", "knowledge", "circuits"}
