"""The page's scripts as they are served: joined into a file for each that the page asks for.

static/ has some eighty small ES modules, so that each can be read and tested. Fetched one by one
they would make a first visit a fifth longer. Here they are put into a few files when the app
starts, without a build step: what every visit needs is one, what other tabs share is another, and
each tab has what only it needs. A module stays a scope of its own, `$folder_name`, which others
take names from.
"""

from __future__ import annotations

import graphlib
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

SHARED = "page/shared.js"  # of all tabs but the first
_IMPORT = re.compile(r'^import (?:(\{[^}]*\}) from )?"([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (const|class) (\w+)", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def joined(static: Path, entries: Sequence[str]) -> dict[str, str]:
    """The text of each served file by its path below static/, `SHARED` among them.

    entries: the modules that the page asks for by their paths; what the first two import, which
    every visit needs, is in the first one's file. Raises ValueError for circles, and for imports
    and exports in other forms than `import { ... } from "..."` and `export const` or `class`.
    """
    sources: dict[str, str] = {}
    imports: dict[str, list[str]] = {}
    wanted = list(entries)
    while wanted:
        name = wanted.pop()
        if name in imports:
            continue
        sources[name] = _read(static, name)
        imports[name] = [_beside(name, path) for _, path in _IMPORT.findall(sources[name])]
        wanted += imports[name]
    try:
        order = list(graphlib.TopologicalSorter(imports).static_order())
    except graphlib.CycleError as e:
        raise ValueError(f"scripts import one another in a circle: {e.args[1]}") from e
    reached = {entry: _reached(entry, imports) for entry in entries}
    at_once = reached[entries[0]] | reached[entries[1]]
    file_of: dict[str, str] = {}
    for name in order:
        users = [entry for entry in entries if name in reached[entry]]
        if name in at_once:
            users = [entries[0]]
        file_of[name] = users[0] if len(users) == 1 else SHARED
    files = {}
    for file in (*entries, SHARED):
        files[file] = _file(file, [n for n in order if file_of[n] == file], sources, file_of)
    return files


def _file(
    file: str, modules: list[str], sources: Mapping[str, str], file_of: Mapping[str, str]
) -> str:
    """Modules in the order they need one another, after what they take from other files."""
    needed = {file} & sources.keys()
    for name in modules:
        needed.update(_beside(name, path) for _, path in _IMPORT.findall(sources[name]))
    parts = []
    for other in sorted({file_of[n] for n in needed} - {file}):
        taken = sorted(_scope(n) for n in needed if file_of[n] == other)
        parts.append(f'import {{ {", ".join(taken)} }} from "{_path(file, other)}";')
    parts += [_module(name, sources[name]) for name in modules]
    if modules:
        parts.append(f"export {{ {', '.join(map(_scope, modules))} }};")
    if file in sources and (names := _exported(sources[file])):
        parts.append(f"export const {{ {', '.join(names)} }} = {_scope(file)};")
    return "\n".join(parts) + "\n"


def _module(name: str, source: str) -> str:
    """A module as a function that is called at once and gives what the module exports."""

    def take(found: re.Match[str]) -> str:
        names, path = found.groups()
        scope = _scope(_beside(name, path))
        return f"const {names.replace(' as ', ': ')} = {scope};" if names else ""

    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(take, source))
    if left := _LEFT.search(body):
        raise ValueError(f"{name}: can't serve {left[0]!r}: see ui/page/scripts.py")
    exported = ", ".join(_exported(source))
    return f"// {name}\nconst {_scope(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _exported(source: str) -> list[str]:
    return [name for _, name in _EXPORT.findall(source)]


def _reached(entry: str, imports: Mapping[str, Iterable[str]]) -> set[str]:
    """A module with all that it imports, and what those import."""
    found: set[str] = set()
    wanted = [entry]
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            wanted += imports[name]
    return found


def _read(static: Path, name: str) -> str:
    return (static / name).read_text(encoding="utf-8")


def _beside(name: str, path: str) -> str:
    """What a module means by a path."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _path(file: str, other: str) -> str:
    path = posixpath.relpath(other, posixpath.dirname(file) or ".")
    return path if path.startswith(".") else f"./{path}"


def _scope(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))
