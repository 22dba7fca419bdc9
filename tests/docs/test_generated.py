"""The reference pages are those that the schema and the parser give."""

import json
import re
import runpy

import pytest

from tests.docs.pages import ROOT, TEXTS

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(ROOT / "docs")  # as for a script that lies there
    GENERATOR = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PAGES: dict[str, str] = GENERATOR["pages"]()
STATIC = ROOT / "ui" / "static"


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str) -> None:
    assert TEXTS[f"docs/{name}"] == PAGES[name], "run `make docs`"


def test_the_app_has_the_glossary() -> None:
    shipped = (STATIC / "page" / "glossary.json").read_text(encoding="utf-8")
    assert shipped == GENERATOR["glossary"](), "run `make docs`"
    meanings = json.loads(shipped)
    assert meanings["knowledge neurons"] == "the neurons of a fact after refinement"
    assert meanings["fired"].startswith("|activation| ≥ the layer's threshold")
    assert meanings["births"] == meanings["deaths"]
    rows = [line for line in TEXTS["docs/glossary.md"].splitlines() if line.startswith("| ")]
    terms = {line.split(" | ")[0].removeprefix("| ").lower() for line in rows} - {"term"}
    assert terms <= set(meanings)


def test_each_term_that_a_pane_marks_is_in_the_glossary() -> None:
    meanings = set(json.loads((STATIC / "page" / "glossary.json").read_text(encoding="utf-8")))
    marked = {
        found.lower()
        for script in STATIC.rglob("*.js")
        for found in re.findall(r'\bterm\("([^"]+)"', script.read_text(encoding="utf-8"))
    }
    assert {"knowledge neurons", "layer"} <= marked
    unknown = {t for t in marked if not {t, f"{t}s", t.removesuffix("s")} & meanings}
    assert not unknown
