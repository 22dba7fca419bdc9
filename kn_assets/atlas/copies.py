"""Whether a model's files are a copy of those that an atlas was made of: the same weights.

Fingerprints of files hold their times, which a copy may have of its own. So the note of `atlases`
keeps the checksums of the files.
"""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache

from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition, contents
from kn_assets.lake.plan import Note
from kn_assets.models import source as sources
from kn_assets.models.source import ModelSource

CONTENT, _COPIES = "weights_content", "weights_copies"
"""In the note of `atlases`: the model's files with their checksums; fingerprints of copies."""


def identity_of_weights(lake: Lake, atlas: Partition, source: ModelSource, files: str) -> str:
    """The fingerprint `files` of a model's files, or of those that the atlas was made of where the
    content is the same.

    To see that, the files are read once; then the atlas' note says it, where it can be written.
    """
    note: Note = lake.meta(atlas, "atlases") or {}
    made_of = note.get("weights")
    if made_of is None or made_of == files:
        return files
    copies = note.get(_COPIES, [])
    if files in copies:
        return str(made_of)
    if not _same(source, files, json.dumps(note.get(CONTENT))):
        return files
    with suppress(KnError):
        lake.note(atlas, "atlases", {_COPIES: [*copies, files]}, of=note)
    return str(made_of)


@lru_cache(256)
def _same(source: ModelSource, files: str, noted: str) -> bool:
    """`sources.same` of files with the fingerprint `files`, which are read once by a process, also
    where nothing can be noted or the content is another.
    """
    return sources.same(source, json.loads(noted))


def content_of_weights(lake: Lake, source: ModelSource, files: str) -> contents.Files | None:
    """The model's files with their checksums, for the note; None where `files` isn't their
    fingerprint any more, and of models whose files nobody changes.
    """
    told = sources.content(source)
    return told if sources.fingerprint(source, lake) == files else None
