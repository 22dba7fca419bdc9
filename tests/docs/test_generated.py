"""The reference pages are those that the schema and the parser give."""

import runpy

import pytest

from tests.docs.pages import ROOT, TEXTS

PAGES: dict[str, str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert TEXTS[f"docs/{name}"] == PAGES[name], "run `make docs`"
