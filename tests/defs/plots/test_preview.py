"""Previews show the first rows, as text and nothing else."""

from __future__ import annotations

import json

import pytest
from markdown_it import MarkdownIt

from kn_assets.defs.plots import preview
from kn_assets.lake import Lake
from kn_assets.lake.parquet import parquet_writer
from kn_assets.lake.schema import TABLES
from kn_assets.synthetic import FINGERPRINT
from tests.defs.plots.reading import CORPUS, MODEL, replace_column, where


def cells(markdown: str) -> list[list[str]]:
    """What a reader sees in the rows of a Markdown table; fails on anything but text in a cell."""
    found: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        if token.type == "tr_open":
            found.append([])
        assert {c.type for c in token.children or []} <= {"text", "text_special"}, token
        if token.type == "inline":
            found[-1].append("".join(c.content for c in token.children or []))
    return found


@pytest.mark.parametrize("table", TABLES)
def test_preview_shows_the_first_rows(made: Lake, table: str) -> None:
    found = made.read(where(table), table)
    head, *body = cells(preview(made, where(table), table, rows=3))
    assert head == TABLES[table].names
    assert len(body) == min(3, len(found))
    for row, shown in zip(found.slice(0, 3).to_pylist(), body, strict=True):
        for column, cell in zip(head, shown, strict=True):
            if isinstance(row[column], bool):
                assert cell == str(row[column]).lower()
            elif isinstance(row[column], int):
                assert cell == str(row[column])
            elif isinstance(row[column], float):
                assert float(cell) == pytest.approx(row[column], rel=1e-3)
            else:
                assert cell or not row[column]


def test_preview_across_files(copy: Lake) -> None:
    whole = copy.read(MODEL, "tokens")
    with copy.replacing(MODEL, "tokens", FINGERPRINT) as folder:
        for i in range(4):
            with parquet_writer(folder / f"part-{i}.parquet", "tokens") as writer:
                writer.write_table(whole.slice(3 * i, 3))
    body = cells(preview(copy, MODEL, "tokens", rows=7))[1:]
    assert [row[1] for row in body] == [str(p) for p in whole["position"].to_pylist()[:7]]


NASTY = [
    "a | b",
    "<script>alert(1)</script>",
    "&lt; &amp; &#124;",
    "![x](https://example.org/x.png) [y](z)",
    r"back\slash \| `code` | ``",
    "*a* **b** ~~c~~ $d$ # e",
    "<https://example.org>",
    "東京 Łódź هرات Z̷ielo̊na",
]


def test_preview_shows_text_as_text(copy: Lake) -> None:
    old = copy.read(CORPUS, "prompts")
    texts = NASTY + ["x"] * (len(old) - len(NASTY))
    replace_column(copy, "prompts", "text", texts)
    body = cells(preview(copy, CORPUS, "prompts", rows=len(NASTY)))[1:]
    assert [row[2] for row in body] == NASTY


def test_preview_of_hidden_letters_long_texts_and_bytes(copy: Lake) -> None:
    n = len(copy.read(CORPUS, "pages"))
    titles = ["two\nlines\r\n", "tab\there", "left\u202eright", "می\u200cخواهم", "x" * 61, "y" * 60]
    replace_column(copy, "pages", "title", titles + ["z"] * (n - len(titles)))
    replace_column(copy, "pages", "html", [b"|\n" * 600] * n)
    replace_column(copy, "pages", "reason", [None] * n)
    markdown = preview(copy, CORPUS, "pages", rows=6)
    head, *body = cells(markdown)
    shown = [row[head.index("title")] for row in body]
    assert shown == [
        r"two\nlines\r\n",
        r"tab\there",
        r"left\u202eright",
        "می\u200cخواهم",
        "x" * 59 + "…",
        "y" * 60,
    ]
    assert {row[head.index("html")] for row in body} == {"1,200 bytes"}
    assert {row[head.index("reason")] for row in body} == {""}
    assert len(markdown.splitlines()) == 2 + 6


def test_preview_of_settings(copy: Lake) -> None:
    replace_column(copy, "atlases", "settings", [json.dumps({"a": [1, 2], "b": "<x>"})])
    head, row = cells(preview(copy, MODEL, "atlases"))
    assert row[head.index("settings")] == '{"a": [1, 2], "b": "<x>"}'
