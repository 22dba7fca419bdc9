"""Where tables, models and unfinished work of a lake lie, and how its notes keep paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from kn_assets.lake.disk import said_plainly
from kn_assets.lake.partition import Partition, is_stray
from kn_assets.lake.schema import ALL, Kind

_FOLDER = {"corpus": "corpus", "model": "atlas"}
_HERE = "{lake}"


class Places:
    """The places of a lake. `root` defaults to `$KN_DATA`, or `data` where that isn't set."""

    def __init__(self, root: str | Path | None = None) -> None:
        self.root = Path(root or os.environ.get("KN_DATA") or "data").expanduser().resolve()

    @property
    def database(self) -> Path:
        """The DuckDB file that any client opens."""
        return self.root / "kn.duckdb"

    @property
    def models(self) -> Path:
        """Downloaded and converted model weights."""
        return self.root / "models"

    def portable(self, path: str | Path) -> str:
        """A path as the lake's notes keep it: absolute, or from `{lake}/` on where it lies in the
        lake, so that it holds from any folder and wherever the lake is moved.
        """
        # Not resolved: a link's own name is what was given, and may name the corpus or the model.
        whole = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100
        inside = whole.parent.resolve() / whole.name
        if inside.is_relative_to(self.root):
            return f"{_HERE}/{inside.relative_to(self.root)}"
        return str(whole)

    def located(self, kept: str) -> str:
        """What `portable` kept, as a path of now; other words stay as they are."""
        return f"{self.root}/{kept.removeprefix(f'{_HERE}/')}" if kept.startswith(_HERE) else kept

    def folder(self, partition: Partition) -> Path:
        return self.root / _FOLDER[partition.kind] / str(partition)

    def table(self, partition: Partition, name: str) -> Path:
        """The folder of a table, whether or not it exists."""
        if ALL[name].kind != partition.kind:
            raise ValueError(f"{name} is no table of a {partition.kind}")
        return self.folder(partition) / name

    def work(self, partition: Partition, name: str) -> Path:
        """A folder for unfinished work which a later run may resume."""
        path = self.folder(partition) / f".work-{name}"
        self.make(path)
        return path

    def glob(self, name: str, key: str = "*") -> str:
        """The pattern of a table's files over all partitions, or those of one."""
        kind = ALL[name].kind
        return str(self.root / _FOLDER[kind] / f"{kind}={key}" / name / "*.parquet")

    def globs(self, name: str, keys: Iterable[str]) -> list[str]:
        """Patterns of a table's files in the partitions `keys`: one for all, where no other folder
        would be found by it.
        """
        kind, wanted = ALL[name].kind, set(keys)
        there = {p.parent.name for p in (self.root / _FOLDER[kind]).glob(f"{kind}=*/{name}")}
        if there == {f"{kind}={key}" for key in wanted}:
            return [self.glob(name)]
        return [self.glob(name, key) for key in sorted(wanted)]

    def partitions(self, kind: Kind) -> list[Partition]:
        """The partitions that have a folder, by name. What can't be one is left out."""
        found = (p for p in self._places(kind) if not is_stray(p))
        return sorted((Partition(kind, p.name.split("=", 1)[1]) for p in found), key=str)

    def strays(self) -> list[Path]:
        """What is named like a partition and can't be one: a copy by a file manager, a file."""
        kinds: tuple[Kind, ...] = ("corpus", "model")
        return [p for kind in kinds for p in self._places(kind) if is_stray(p)]

    def _places(self, kind: Kind) -> list[Path]:
        return sorted((self.root / _FOLDER[kind]).glob(f"{kind}=*"))

    def make(self, path: Path) -> None:
        """Make a folder of the lake, with a clear word where that can't be done."""
        with said_plainly(self.root):
            path.mkdir(parents=True, exist_ok=True)
