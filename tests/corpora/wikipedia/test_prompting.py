# ruff: noqa: E501 (HTML reads better in whole lines)
"""Prompts to the letter, with the tokenizer of GPT-2."""

from __future__ import annotations

from pathlib import Path

import pytest

from kn_assets import lake
from kn_assets.corpora.wikipedia import (
    Client,
    Settings,
    cities,
    described,
    fetch_pages,
    page_summary,
    prompts,
)
from kn_assets.errors import KnError
from kn_assets.progress import Progress
from tests.corpora.wikipedia.standin import StandIn
from tests.corpora.wikipedia.world import World

GPT2 = Path(__file__).parents[4] / "shared" / "realdata" / "gpt2-tokenizer"
EXPECTED = [
    "Kabul is the capital and largest city of Afghanistan, located in the eastern section of the country. "
    "It is also a municipality, forming part of the",
    "Herāt is an oasis city and the third-largest city of Afghanistan. In 2020, it had an estimated "
    "population of 574,276",
    "Kandahar is a city in Afghanistan, located in the south of the country on the Arghandab River, at an "
    "elevation of 1,",
    "Mazār-i-Sharīf, also called Mazār-e Sharīf, or just Mazar, is the fourth",
    "Jalalabad is the fifth-largest city of Afghanistan. It has a population of about 356,274, and serves "
    "as the capital of N",
]


def made(world: World, tmp_path: Path, pages: dict[str, str]) -> tuple[list[str], dict[int, str]]:
    place = lake.Lake(tmp_path)
    with StandIn(world) as site:
        site.pages |= pages
        settings = Settings.of(contact="a@b.org", base_url=site.url, rate=2000.0)
        with Client(settings) as client:
            found = cities(client, Progress()).table
            fetch_pages(place, lake.corpus("w"), found, client, Progress())
    got = prompts(place.read(lake.corpus("w"), "pages"), found)
    assert got.table["prompt_id"].to_pylist() == list(range(got.table.num_rows))
    return got.table["text"].to_pylist(), got.reasons


@pytest.mark.skipif(not GPT2.is_dir(), reason="the tokenizer of GPT-2 isn't here")
def test_the_first_five_prompts_to_the_letter(tmp_path: Path) -> None:
    from transformers import GPT2TokenizerFast  # type: ignore[attr-defined]

    tokenizer = GPT2TokenizerFast.from_pretrained(GPT2)
    world = World(5)
    texts, _ = made(world, tmp_path, {})
    assert [tokenizer.decode(tokenizer(t)["input_ids"][:30]) for t in texts] == EXPECTED
    file = tmp_path / "Kabul.html"
    file.write_text(world.article("Kabul") or "")
    told = page_summary(str(file), tokenizer)
    assert (told.title, told.token_text, told.reason) == ("Kabul", EXPECTED[0], None)
    assert told.tokens is not None
    assert len(told.tokens) == 30
    assert told.text == texts[0]
    shown = str(told).splitlines()
    assert (shown[0], shown[2]) == ("title: Kabul", texts[0])
    assert shown[4] == f"30 tokens: {EXPECTED[0]}"
    assert shown[5].replace("|", "") == EXPECTED[0]
    # A cut inside a character shows no replacement character.
    file.write_text("<p>" + "Ⴀ" * 40 + " is a city in Foo.</p>")
    told = page_summary(str(file), tokenizer)
    assert told.token_text is not None
    assert told.tokens is not None
    assert "\ufffd" not in told.token_text + "".join(told.tokens)
    assert set(told.token_text) == {"Ⴀ"}


def test_cities_without_a_prompt_have_reasons(tmp_path: Path) -> None:
    texts, reasons = made(
        World(12),
        tmp_path,
        {
            "Herat": "<html><h1>Herat</h1><p><b>Herat</b> may refer to:</p></html>",
            "Kandahar": "<html><h1>Kandahar</h1></html>",
            "Jalalabad": "<html><h1>Jalalabad</h1><p>This is a list of towns.</p></html>",
        },
    )
    assert reasons == {1: "disambiguation page", 2: "empty page", 4: "list"}
    assert len(texts) == 9
    assert texts[1].startswith("Mazār-i-Sharīf, also called")


def test_page_summary_says_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KnError, match="can't read"):
        page_summary(str(tmp_path / "missing.html"))
    monkeypatch.delenv("KN_CONTACT", raising=False)
    with pytest.raises(KnError, match="KN_CONTACT"):
        page_summary("https://en.wikipedia.org/wiki/Kabul")
    with StandIn(World(5)) as site:
        settings = Settings.of(contact="a@b.org", base_url=site.url)
        told = page_summary(site.url + "/wiki/Herat", settings=settings)
        assert told.text.startswith("Herāt is an oasis city")
        site.pages["Empty"] = "<html><h1>Empty</h1></html>"
        told = page_summary(site.url + "/wiki/Empty", settings=settings)
        assert str(told) == "title: Empty\nno prompt: empty page"
        with pytest.raises(KnError, match="can't be fetched: HTTP 404"):
            page_summary(site.url + "/wiki/Nowhere", settings=settings)


def test_every_setting_is_described() -> None:
    assert all(help.strip() for _, help in described().values())
    assert described()["max_failed_share"][0] == 0.02
    assert Settings.of(rate=None, contact="a@b.org") == Settings(contact="a@b.org")
