"""What a run doesn't replace unasked: what is there under the same name and is something else.

A corpus is named by its file, a model by its folder or by the last part of its hub name, so that
two may share a key. And tables of an atlas stand on the prompts they were made of: other prompts in
their place would be shown as theirs.
"""

from __future__ import annotations

from typing import Any

from kn_assets.corpora.plan import CorpusPlan
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans
from kn_assets.lake.schema import ATLAS_TABLES
from kn_assets.launch.request import Request

_ASK = "give --force to replace it, or --data (or KN_DATA) with another folder to have both"


def refuse(request: Request) -> None:
    """Raise KnError where the run would replace what it wasn't asked to."""
    of_atlas = not request.only or set(request.only) & set(ATLAS_TABLES)
    if of_atlas and not request.force:
        _other_corpus(request)
        _other_model(request)
    _other_prompts(request)


def _other_corpus(request: Request) -> None:
    """An atlas is of one corpus."""
    atlas = request.plan.model
    held = _row(request.lake, atlas).get("corpus")
    if held and held != request.corpus.partition.key:
        raise KnError(f"atlas {atlas.key} holds corpus {held}: {_ASK}")


def _other_model(request: Request) -> None:
    """An atlas is of one model: another one of the same name has other weights."""
    plan = request.plan
    row = _row(request.lake, plan.model)
    held = row.get("source")
    if not held or request.lake.located(held) == request.lake.located(plan.kept_source):
        return
    if row.get("weights") not in (None, plan.weights):
        there = request.lake.located(held)
        raise KnError(f"atlas {plan.model.key} is of {there}, not of {plan.source}: {_ASK}")


def _other_prompts(request: Request) -> None:
    """A corpus is of one source, and the atlases in the lake stand on its prompts."""
    corpus, lake = request.corpus, request.lake
    note = lake.meta(corpus.partition, "prompts") or lake.meta(corpus.partition, "cities")
    wanted = request.stale_corpus()
    if note is None or corpus.corpus.kind != "file" or not wanted:
        return
    if note.get("made_of") == corpus.fingerprint("prompts"):
        return  # the same once more
    held = note.get("source")
    if held and held != corpus.source and not request.force:
        raise KnError(
            f"corpus {corpus.partition.key} is of {lake.located(held)}, not of "
            f"{lake.located(corpus.source)}: {_ASK}"
        )
    mine = request.plan.model if not request.only else None
    others = [a.key for a in standing_on(corpus) if a != mine]
    if others and (request.only or not request.force):
        raise KnError(
            f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} of the prompts of "
            f"{corpus.partition.key} as they are: "
            + (
                "leave --only out, so that the atlas is made of the new ones"
                if request.only
                else f"{_ASK}; with --force make the others again after it"
            )
        )


def standing_on(corpus: CorpusPlan) -> list[Partition]:
    """The atlases of a corpus' prompts as they are."""
    lake = corpus.lake
    return [
        atlas
        for atlas in lake.partitions("model")
        if plans.is_made(lake, atlas, "tokens")
        and _row(lake, atlas).get("corpus") == corpus.partition.key
    ]


def _row(lake: Lake, atlas: Partition) -> dict[str, Any]:
    """What an atlas is made of: by its note, or by its row where that is older than such notes."""
    import json

    note = lake.meta(atlas, "atlases")
    if note is None:
        return {}
    if "corpus" in note:
        return note
    if lake.damage(atlas, "atlases"):
        return {}
    (row,) = lake.read(atlas, "atlases", ["corpus", "settings"]).to_pylist()
    return {"corpus": row["corpus"], "source": json.loads(row["settings"] or "{}").get("source")}
