"""Facts of a user's own file, and of the two formats that the literature's facts come in.

CSV, JSONL or Parquet: a row for each wording, with the columns `COLUMNS` lists. ParaRel (Elazar et
al. 2021): a folder with `patterns/P17.jsonl` ({"pattern": "[X] is located in [Y] ."}) and
`trex/P17.jsonl` ({"sub_label", "obj_label"}). LRE (Hernandez et al. 2023): a `.json` file for each
relation ({"name", "prompt_templates", "prompt_templates_zs", "samples"}), or a folder of them.

What can't be asked of a model that reads from left to right is left out and counted: a wording that
goes on after the object, or doesn't name the subject.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kn_assets.corpora import table_file
from kn_assets.errors import KnError
from kn_assets.knowledge.facts import Fact, prompts
from kn_assets.lake import fingerprint as fingerprints
from kn_assets.progress import Progress

COLUMNS: dict[str, tuple[str, ...]] = {
    "subject": ("subject", "sub_label"),
    "object": ("object", "obj_label", "attribute", "answer"),
    "relation": ("relation", "relation_id", "predicate_id"),
    "text": ("prompt", "text"),
    "template": ("template", "pattern"),
}
"""What a row tells -> names its column may have. Subject, object, and text or template must be."""

_SUBJECT, _OBJECT = ("[X]", "{}"), ("[Y]", "{object}")


def read(path: str | Path, progress: Progress | None = None) -> list[Fact]:
    """The facts of a file or folder in one of the formats above, in its order.

    Facts told by several rows are one fact with several wordings. Raises KnError for what is none
    of the formats, can't be read, or holds no fact.
    """
    path = Path(path).expanduser()
    left_out = _Count()
    if (path / "patterns").is_dir() and (path / "trex").is_dir():
        facts = _pararel(path, left_out)
    elif path.is_dir():
        facts = [fact for f in _files(path, "*.json") for fact in _lre(f, left_out)]
    elif path.suffix.lower() == ".json":
        facts = _lre(path, left_out)
    else:
        facts = _rows(path, left_out)
    if not facts:
        raise KnError(f"{path} has no prompt that ends with the object of its fact")
    if progress and left_out.n:
        progress.say(f"{path.name}: skipped {left_out.n} prompts that don't end with the object")
    return facts


def fingerprint(path: str | Path) -> str:
    """A short text that changes when what `read` reads does.

    Of a file the content, of a folder its files' names, sizes and times. Raises KnError where
    there is none.
    """
    path = Path(path).expanduser()
    if path.is_file():
        return fingerprints.of_bytes(path.read_bytes())
    if path.is_dir():
        files = sorted(f for f in path.rglob("*") if f.is_file())
        noted = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
        return fingerprints.of_json(noted)
    raise KnError(f"there is no file or folder {path}: give one with facts")


class _Count:
    n = 0


def _rows(path: Path, left_out: _Count) -> list[Fact]:
    columns: dict[str, str] = {}

    def check(found: list[str]) -> None:
        for what, names in COLUMNS.items():
            name = next((n for n in names if n in found), None)
            if name:
                columns[what] = name
        for what in ("subject", "object"):
            if what not in columns:
                raise KnError(f"{path} has no column {what}: rename one of its columns")
        if not columns.keys() & {"text", "template"}:
            raise KnError(f"{path} has neither a column prompt nor a column template: add one")

    told: dict[tuple[str, str, str], list[str]] = {}
    for number, raw in table_file.read(path, check):
        row = {what: str(raw.get(name) or "").strip() for what, name in columns.items()}
        if not row["subject"] or not row["object"]:
            raise KnError(f"{path}, line {number}: a subject and an object are needed")
        fact = told.setdefault(
            (row.get("relation", "") or path.stem, row["subject"], row["object"]), []
        )
        if row.get("text"):
            fact.append(row["text"])
        elif template := _open(row.get("template", ""), row["object"]):
            fact += prompts([template], row["subject"])
        else:
            left_out.n += 1
    return _merged(told)


def _pararel(folder: Path, left_out: _Count) -> list[Fact]:
    told: dict[tuple[str, str, str], list[str]] = {}
    for file in _files(folder / "trex", "*.jsonl"):
        patterns = folder / "patterns" / file.name
        if not patterns.is_file():
            continue
        wordings = [row["pattern"] for row in _json_lines(patterns, "pattern")]
        templates = _opened(wordings, left_out)
        for row in _json_lines(file, "sub_label", "obj_label"):
            key = (file.stem, row["sub_label"], row["obj_label"])
            told.setdefault(key, []).extend(prompts(templates, row["sub_label"]))
    return _merged(told)


def _lre(path: Path, left_out: _Count) -> list[Fact]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        wordings = [*found["prompt_templates"], *found.get("prompt_templates_zs", ())]
        samples = [(str(s["subject"]), str(s["object"])) for s in found["samples"]]
        name = str(found.get("name") or path.stem).replace(" ", "-")
    except OSError as e:
        raise KnError(f"can't read {path}: {e.strerror or e}") from e
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise KnError(
            f"{path} is no relation in LRE's format (prompt_templates and samples of subject and "
            f"object): {type(e).__name__} {e}"
        ) from e
    templates = _opened([f"{w} {_OBJECT[1]}" for w in wordings], left_out)
    return _merged({(name, s, o): list(prompts(templates, s)) for s, o in samples})


def _opened(wordings: Iterable[str], left_out: _Count) -> list[str]:
    found = []
    for wording in wordings:
        template = _open(wording)
        if template:
            found.append(template)
        else:
            left_out.n += 1
    return found


def _open(wording: str, name: str = "") -> str | None:
    """A wording up to its object with `{}` for the subject; None where it goes on after it.

    The object is `[Y]`, or `name` itself, or what a wording without either ends before.
    """
    text = wording.strip()
    for mark in _SUBJECT:
        text = text.replace(mark, "{}")
    if text.count("{}") != 1:
        return None
    for mark in (*_OBJECT, name):
        if mark and mark in text:
            before, _, after = text.partition(mark)
            return before.strip() if not after.strip(" .") and "{}" in before else None
    return text


def _merged(told: dict[tuple[str, str, str], list[str]]) -> list[Fact]:
    return [
        Fact(relation, subject, answer, tuple(dict.fromkeys(texts)))
        for (relation, subject, answer), texts in told.items()
        if texts
    ]


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise KnError(f"there are no files {pattern} in {folder}: give a folder of facts")
    return found


def _json_lines(path: Path, *needed: str) -> list[dict[str, Any]]:
    def check(_: list[str]) -> None:
        pass

    rows = []
    for number, row in table_file.read(path, check):
        missing = [name for name in needed if not isinstance(row.get(name), str)]
        if missing:
            raise KnError(f"{path}, line {number}: there is no {missing[0]}, which ParaRel has")
        rows.append(row)
    return rows
