"""Facts of a user's own file, and of the two formats that the literature's facts come in.

CSV, JSONL or Parquet: a row for each wording, with the columns `COLUMNS` lists. ParaRel (Elazar et
al. 2021): a folder with `patterns/P17.jsonl` ({"pattern": "[X] is located in [Y] ."}) and
`trex/P17.jsonl` ({"sub_label", "obj_label"}). LRE (Hernandez et al. 2023): a `.json` file for each
relation ({"name", "prompt_templates", "prompt_templates_zs", "samples"}), or a folder of them.

What can't be asked of a model that reads from left to right is left out and counted: a wording that
goes on after the object, or doesn't name the subject. So is what tells nothing, see `fact_rules`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kn_assets.corpora import table_file
from kn_assets.errors import KnError
from kn_assets.knowledge.fact_rules import OPEN, Told, named
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
    told = Told()
    if (path / "patterns").is_dir() and (path / "trex").is_dir():
        _pararel(path, told)
    elif path.is_dir():
        for file in _files(path, "*.json"):
            _lre(file, told)
    elif path.suffix.lower() == ".json":
        _lre(path, told)
    else:
        _rows(path, told)
    facts = told.facts()
    if not facts:
        why = told.words()
        raise KnError(
            f"{path} has no fact that can be asked, with a prompt that ends with the object"
            + (f": skipped {why}" if why else "")
        )
    if progress and told.words():
        progress.say(f"{path.name}: skipped {told.words()}")
    return facts


def fingerprint(path: str | Path) -> str:
    """A short text that changes when what `read` reads does.

    Of a file the content, of a folder its files' names and contents. Raises KnError where there is
    none.
    """
    path = Path(path).expanduser()
    if path.is_file():
        return fingerprints.of_bytes(path.read_bytes())
    if path.is_dir():
        told = [(str(f.relative_to(path)), fingerprints.of_file(f)) for f in _within(path)]
        return fingerprints.of_json(told)
    raise KnError(f"there is no file or folder {path}: give one with facts")


def _within(folder: Path) -> list[Path]:
    return sorted(f for f in folder.rglob("*") if f.is_file())


def _rows(path: Path, told: Told) -> None:
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

    for number, raw in table_file.read(path, check):
        where = f"{path}, line {number}"
        found = {w: named(raw.get(columns[w]), w, where) for w in ("subject", "object")}
        if not found["subject"] or not found["object"]:
            raise KnError(f"{where}: a subject and an object are needed")
        subject = found["subject"][0]
        row = {w: str(raw.get(name) or "").strip() for w, name in columns.items()}
        texts = [row["text"]] if row.get("text") else []
        if not texts and (template := _open(row.get("template", ""), found["object"][0])):
            texts = list(prompts([template], subject))
        if texts:
            told.add(row.get("relation") or path.stem, subject, found["object"], texts)
        else:
            told.left_out[OPEN] += 1


def _pararel(folder: Path, told: Told) -> None:
    for file in _files(folder / "trex", "*.jsonl"):
        patterns = folder / "patterns" / file.name
        if not patterns.is_file():
            continue
        wordings = [row["pattern"] for row in _json_lines(patterns, "pattern")]
        templates = _opened(wordings, told)
        for row in _json_lines(file, "sub_label", "obj_label"):
            texts = list(prompts(templates, row["sub_label"]))
            if texts:
                told.add(file.stem, row["sub_label"], [row["obj_label"]], texts)


def _lre(path: Path, told: Told) -> None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        wordings = [*found["prompt_templates"], *found.get("prompt_templates_zs", ())]
        samples = [(s["subject"], s["object"]) for s in found["samples"]]
        name = str(found.get("name") or path.stem).replace(" ", "-")
    except OSError as e:
        raise KnError(f"can't read {path}: {e.strerror or e}") from e
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise KnError(
            f"{path} is no relation in LRE's format (prompt_templates and samples of subject and "
            f"object): {type(e).__name__} {e}"
        ) from e
    templates = _opened([f"{w} {_OBJECT[1]}" for w in wordings], told)
    for number, (subject, answer) in enumerate(samples, 1):
        where = f"{path}, sample {number}"
        subjects, objects = named(subject, "subject", where), named(answer, "object", where)
        if not subjects or not objects:
            raise KnError(f"{where}: a subject and an object are needed")
        if templates:
            told.add(name, subjects[0], objects, list(prompts(templates, subjects[0])))


def _opened(wordings: Iterable[str], told: Told) -> list[str]:
    found = []
    for wording in wordings:
        template = _open(wording)
        if template:
            found.append(template)
        else:
            told.left_out[OPEN] += 1
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
