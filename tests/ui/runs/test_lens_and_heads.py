"""Lenses and single heads that the page asks the model for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.linear_lens import LinearLensPlan
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress
from tests import small
from tests.made import make_lake
from tests.ui.asking import finished, show_product
from tests.ui.screen import Screen
from ui.api import Api
from ui.context import Context
from ui.explore.tab import TAB
from ui.pack import unpack
from ui.runs.limits import LiveLimits

KEY = "tiny"


@pytest.fixture(scope="module")
def lazy_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """An atlas whose lens is left for later, with its model."""
    request = small.request(tmp_path_factory.mktemp("lazy"), lens="lazy")
    request.corpus.make(request.corpus.tables, Progress())
    extract(request.plan, set(NEEDS) - {lazy_lens.TABLE}, Progress())
    lazy_lens.begin(request.plan)
    return request.lake


@pytest.fixture(scope="module")
def modelless_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The same without a model on this machine."""
    lake = make_lake(tmp_path_factory.mktemp("modelless"))
    (atlas,) = lake.partitions("model")
    meta = lake.meta(atlas, lazy_lens.TABLE)
    assert meta
    none = TABLES[lazy_lens.TABLE].schema.empty_table()
    lake.write(atlas, lazy_lens.TABLE, none, meta["fingerprint"], lazy=True)
    return lake


@pytest.fixture(scope="module")
def api(lazy_lake: Lake) -> Iterator[Api]:
    api = Api(Context(lazy_lake, live_limits=LiveLimits(seconds=120)), (TAB,))
    yield api
    api.context.close()


# -- the lens and the heads ------------------------------------------------------------------------


def test_a_lens_is_computed_once_and_then_read(api: Api, lazy_lake: Lake) -> None:
    assert json.loads(api.ask("has_prompt", {"model": KEY, "prompt": 3}))["has"]
    shown = json.loads(api.ask("prompt", {"model": KEY, "prompt": 3}))
    assert shown["waits"]
    assert shown["lens"] is None
    assert shown["fired"]
    assert finished(api, "lens", model=KEY, prompt=3)["result"] == {"here": True}
    assert not lazy_lens.waits(lazy_lake, partition(KEY), 3)
    shown = json.loads(api.ask("prompt", {"model": KEY, "prompt": 3}))
    assert len(unpack(shown["lens"]["probability"])) == len(shown["tokens"]) * shown["n_layers"] * 5
    assert finished(api, "lens", model=KEY, prompt=3)["result"] == {"here": True}
    assert "no prompt 999" in finished(api, "lens", model=KEY, prompt=999)["error"]


def test_another_lens_is_computed_once_and_then_read(api: Api, lazy_lake: Lake) -> None:
    refused = finished(api, "reading", model=KEY, prompt=3, through="linear")["error"]
    assert "no table `lens_translators` yet: `kn run" in refused
    assert json.loads(api.ask("lens_distances", {"model": KEY}))["rows"] == []
    (atlas,) = lazy_lake.partitions("model")
    plan = LinearLensPlan(AtlasPlan.of(lazy_lake, atlas.key))
    plan.make(plan.tables, Progress())
    api.context.database.refresh()
    for lens in ("linear", "middle"):
        assert lazy_lens.waits(lazy_lake, atlas, 3, lens)
        computed = finished(api, "reading", model=KEY, prompt=3, through=lens)["result"]["lens"]
        assert not lazy_lens.waits(lazy_lake, atlas, 3, lens)
        stored = finished(api, "reading", model=KEY, prompt=3, through=lens)["result"]["lens"]
        assert {k: v for k, v in stored.items() if "word" not in k} == {
            k: v for k, v in computed.items() if "word" not in k
        }
        told, wanted = (
            [one["words"][i] for i in unpack(one["word"])] for one in (stored, computed)
        )
        assert told == wanted
        of_text = finished(api, "reading", model=KEY, text="Kabul is", through=lens)["result"]
        assert 0 < len(unpack(of_text["lens"]["word"])) < len(unpack(computed["word"]))
    rows = json.loads(api.ask("lens_distances", {"model": KEY}))["rows"]
    assert [row["layer"] for row in rows] == [0, 1, 2]
    assert rows[0]["logit_kl"] > 0


def test_the_heads_mean_is_what_the_atlas_holds(api: Api) -> None:
    n = json.loads(api.ask("heads", {"model": KEY}))["n"]
    assert n > 1
    heads = [
        unpack(finished(api, "head", model=KEY, prompt=2, layer=1, head=i)["result"]["weights"])
        for i in range(n)
    ]
    stored = (
        api.context.database.cursor()
        .execute(
            "SELECT weight FROM attention WHERE model = ? AND prompt_id = 2 AND layer = 1 "
            "ORDER BY position, source_position",
            [KEY],
        )
        .fetchnumpy()["weight"]
    )
    np.testing.assert_allclose(np.mean(heads, axis=0), stored, atol=2**-16)
    of_text = finished(api, "head", model=KEY, text="Kabul is", prompt=2, layer=1, head=0)
    assert 0 < len(unpack(of_text["result"]["weights"])) < len(heads[0])
    assert "no head 99" in finished(api, "head", model=KEY, prompt=2, layer=1, head=99)["error"]


@pytest.mark.browser
def test_the_page_gets_its_lens_and_a_head(
    lazy_lake: Lake, serve: Callable[..., str], screens: Callable[[str], Screen]
) -> None:
    screen = screens(serve(lazy_lake))
    screen.page.set_default_timeout(60_000)
    screen.open(prompt=5)
    assert screen.page.locator(".kn-cells").is_visible()
    screen.until("kn.prompt.lens")
    assert screen.page.locator(".kn-lens .kn-p").first.inner_text()
    show_product(screen)
    assert screen.page.locator(".kn-sentence").inner_text().count("mean over its heads")
    screen.page.select_option(".kn-heads", "1")
    layer = screen.page.evaluate("kn.state.layer")
    screen.until("document.querySelector('.kn-sentence').textContent.includes('head 1')")
    said = screen.page.locator(".kn-sentence").inner_text()
    assert f"head 1 of layer {layer} alone" in said
    screen.page.evaluate("kn.go({ text: 'Kabul is the capital' })")
    screen.until("kn.prompt?.prompt.live && kn.neuron?.weighted")
    screen.until("document.querySelector('.kn-sentence').textContent.includes('head 1')")


@pytest.mark.browser
def test_without_the_model_the_page_says_so(
    modelless_lake: Lake, serve: Callable[..., str], screens: Callable[[str], Screen]
) -> None:
    screen = screens(serve(modelless_lake))
    screen.page.set_default_timeout(60_000)
    screen.open()
    screen.until("document.querySelector('[data-kn=prompt] .kn-message')")
    told = screen.page.locator("[data-kn=prompt] .kn-message").first.inner_text()
    assert "lens of this prompt" in told
    assert "not on this machine" in told
    show_product(screen)
    screen.until("document.querySelector('.kn-heads').disabled")  # once the answer is there
    assert screen.page.locator(".kn-heads").is_disabled()
    assert screen.page.get_by_text("single heads need the model").is_visible()
    assert "not on this machine" in (screen.page.locator(".kn-heads").get_attribute("title") or "")
