"""Plans of tables that hang on an atlas and on the version of what makes them."""

from __future__ import annotations

from typing import Any, ClassVar

from kn_assets.atlas.plan import OnAtlas
from kn_assets.lake.plan import Note


class VersionedOnAtlas(OnAtlas):
    """One whose tables hang on the atlas and on the `version` of what makes them alone."""

    version: ClassVar[int]
    """Raised when the same atlas would give other tables."""

    def fingerprint(self, table: str) -> str:
        return self.atlas.identity

    def notes(self, table: str) -> dict[str, Any]:
        return {"version": self.version}

    def fits(self, table: str, note: Note) -> bool:
        return super().fits(table, note) and note.get("version") == self.version
