"""What the generated pages have in common: tables in Markdown, and where a page comes from."""

from __future__ import annotations

from collections.abc import Iterable


def note(source: str) -> str:
    return (
        f"<!-- Written by docs/generate.py from {source}: change those, then run `make docs`. -->"
    )


def rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A Markdown table."""
    cells = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
