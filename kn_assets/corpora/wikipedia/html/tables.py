"""HTML tables as grids of cells, and the text of cells and headings."""

from __future__ import annotations

from lxml import etree
from parsel import Selector

from kn_assets.corpora.wikipedia.html.document import classes

Grid = list[list[etree._Element | None]]
"""Cells by row and column; None where a row is short."""


def rows_of(table: etree._Element) -> list[etree._Element]:
    """Rows of a table itself, not of tables inside it."""
    parts = [table, *(p for p in table if p.tag in ("tbody", "thead", "tfoot"))]
    return [r for p in parts for r in p if r.tag == "tr"]


def grid_of(table: etree._Element) -> Grid:
    """Cells by row and column, with spans filled in."""
    grid: Grid = []
    open_cells: dict[int, tuple[int, etree._Element]] = {}
    for row in rows_of(table):
        cells = iter([c for c in row if c.tag in ("td", "th")])
        line: list[etree._Element | None] = []
        cell = next(cells, None)
        while cell is not None or len(line) in open_cells:
            if len(line) in open_cells:
                left, above = open_cells.pop(len(line))
                if left > 1:
                    open_cells[len(line)] = left - 1, above
                line.append(above)
                continue
            assert cell is not None
            for _ in range(_span(cell, "colspan")):
                if (down := _span(cell, "rowspan")) > 1:
                    open_cells[len(line)] = down - 1, cell
                line.append(cell)
            cell = next(cells, None)
        if line:
            grid.append(line)
    return grid


def _span(cell: etree._Element, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), 1000) if value.isdigit() else 1


def text_of(e: etree._Element) -> str:
    """Text of a cell, link or heading, without notes, edit links, style and hidden sort keys."""
    parts: list[str] = []

    def walk(e: etree._Element) -> None:
        names = classes(e)
        hidden = "display:none" in (e.get("style") or "").replace(" ", "")
        skipped = {"reference", "mw-editsection", "sortkey", "mw-ref"}
        if e.tag in ("style", "script") or hidden or not skipped.isdisjoint(names):
            return
        parts.append(e.text or "")
        for child in e:
            walk(child)
            parts.append(child.tail or "")

    walk(e)
    return " ".join("".join(parts).split())


def heading_of(h: etree._Element) -> str:
    headline = Selector(root=h).css("span.mw-headline")
    return text_of(headline[0].root if headline else h)
