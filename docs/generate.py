"""Writes the reference pages tables.md and commands.md, and the glossary as the app shows it.

    python docs/generate.py           writes them
    python docs/generate.py --check   exit code 1 if one is out of date

`make docs` runs the first; a test holds the committed pages against `pages()`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from commands_page import commands_page
from tables_page import tables_page

DOCS = Path(__file__).parent
GLOSSARY = DOCS.parent / "ui" / "static" / "page" / "glossary.json"


def pages() -> dict[str, str]:
    """The text of each generated page, by file name."""
    return {"tables.md": tables_page(), "commands.md": commands_page()}


def glossary() -> str:
    """The terms of glossary.md with their meanings, as static/page/glossary.js shows them.

    A row that names several terms is there under each.
    """
    meanings: dict[str, str] = {}
    for line in (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 4 or cells[0] == "term" or set(cells[0]) == {"-"}:
            continue
        plain = cells[1].replace("`", "").replace("\\|", "|")
        for word in {cells[0], *cells[0].split(", ")}:
            meanings[word.lower()] = plain
    return json.dumps(dict(sorted(meanings.items())), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the pages, or with --check say which are out of date."""
    stale = 0
    written = {DOCS / name: text for name, text in pages().items()} | {GLOSSARY: glossary()}
    for path, text in written.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            print(
                f"{path.relative_to(DOCS.parent)} is out of date: run `make docs`", file=sys.stderr
            )
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
