"""The tab Training: its answers against the tables, and its page in a real browser."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kn_assets import lake as lakes
from kn_assets.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.made_up import add_training, make_lake
from tests.ui.asking import CONTRAST
from tests.ui.screen import Screen
from ui import training_view
from ui.pack import unpack

pytestmark = pytest.mark.browser

STEPS = (0, 1, 8, 64, 512)
FACT = 0
PROMPT = {"prompt": 3, "token": 5, "layer": 2, "neuron": 7}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Five steps of one model, and another model of one moment."""
    root = tmp_path_factory.mktemp("trained")
    make_lake(root, "plain", "else", n_prompts=5, n_layers=3, n_neurons=20, n_tokens=8)
    return add_training(root, steps=STEPS, n_prompts=12, n_layers=4, n_neurons=30, density=0.12)


@pytest.fixture(scope="module")
def data(trained: Lake) -> Iterator[Database]:
    database = Database(trained)
    yield database
    database.close()


@pytest.fixture(scope="module")
def where(trained: Lake, serve: Callable[..., str]) -> str:
    return serve(trained)


@pytest.fixture
def page(screens: Callable[[str], Screen], where: str) -> Screen:
    return screens(where)


def at(step: int) -> lakes.Partition:
    return lakes.model(f"tiny@step{step}")


def opened(screen: Screen, step: int = 8, **address: object) -> Screen:
    screen.open(model=f"tiny@step{step}", tab="training", **PROMPT, **address)
    screen.until("document.documentElement.dataset.knTraining === 'tiny'")
    screen.until("document.querySelector('.kn-fact-title b')")
    return screen


def chart(screen: Screen, title: str) -> Any:
    return screen.page.locator("figure.kn-chart").filter(
        has=screen.page.locator(".kn-chart-title", has_text=title)
    )


def reading(screen: Screen, title: str, name: str) -> str:
    line = chart(screen, title).locator(".kn-reading").filter(has_text=name)
    return str(line.locator("b").inner_text())


# -- answers ---------------------------------------------------------------------------------------


def test_the_steps_come_in_order_with_births_and_deaths(trained: Lake, data: Database) -> None:
    found = training_view.training(data, "tiny@step1")
    assert found["steps"] == list(STEPS)
    assert found["models"] == [f"tiny@step{step}" for step in STEPS]
    assert found["missing"] == {}
    table = trained.read(lakes.model("tiny"), "layer_steps").to_pylist()
    for row in table:
        step = STEPS.index(row["step"])
        for name in ("n_alive", "births", "deaths", "mean_top_iou"):
            assert found["layers"][name][row["layer"]][step] == row[name]
    assert len(table) == len(STEPS) * len(found["layers"]["births"])
    assert [births[0] for births in found["layers"]["births"]] == [None] * 4


def test_a_fact_is_told_as_the_tables_do(trained: Lake, data: Database) -> None:
    found = training_view.fact(data, "tiny@step512", FACT)
    for step in STEPS:
        errors = [
            r
            for r in trained.read(at(step), "attribution_error").to_pylist()
            if r["fact_id"] == FACT
        ]
        (mass,) = [row["layers"] for row in found["mass"] if row["step"] == step]
        for layer, value in enumerate(mass):
            wanted = statistics.mean(r["total"] for r in errors if r["layer"] == layer)
            assert value == pytest.approx(wanted)
        changed = [
            r
            for r in trained.read(at(step), "interventions").to_pylist()
            if r["fact_id"] == FACT and r["kind"] == "suppress" and r["control"] == "refined"
        ]
        (own,) = [
            r
            for r in found["effects"]["fact"]
            if (r["step"], r["kind"], r["control"]) == (step, "suppress", "refined")
        ]
        before = sum(r["probability_before"] for r in changed)
        after = sum(r["probability_after"] for r in changed)
        each = [r["probability_after"] / r["probability_before"] - 1 for r in changed]
        assert own["ratio"] == pytest.approx(after / before - 1)
        assert [own["low"], own["high"]] == pytest.approx([min(each), max(each)])
        told = [
            r
            for r in trained.read(lakes.model("tiny"), "fact_steps").to_pylist()
            if r["fact_id"] == FACT and r["step"] == step
        ]
        (row,) = [r for r in found["story"] if r["step"] == step]
        assert row["probability"] == pytest.approx(
            statistics.mean(r["probability"] for r in told), rel=1e-6
        )
        assert row["rank"] == statistics.median(r["rank"] for r in told)
        assert row["n_right"] == sum(r["rank"] == 1 for r in told)
    with pytest.raises(KnError, match="no fact 99999"):
        training_view.fact(data, "tiny@step512", 99_999)


def test_relations_have_their_intervals(trained: Lake, data: Database) -> None:
    found = training_view.fact(data, "tiny@step512", FACT)
    for row in found["effects"]["relation"]:
        (wanted,) = [
            r
            for r in trained.read(at(row["step"]), "intervention_effects").to_pylist()
            if r["relation"] == found["fact"]["relation"]
            and (r["kind"], r["control"]) == (row["kind"], row["control"])
        ]
        assert (row["ratio"], row["low"], row["high"]) == (
            wanted["ratio"],
            wanted["low"],
            wanted["high"],
        )
    final = {r["step"] for r in found["effects"]["relation"] if r["control"] == "final"}
    assert final == set(STEPS[:-1])


def test_places_of_all_steps_share_one_square(trained: Lake, data: Database) -> None:
    table = trained.read(lakes.model("tiny"), "neuron_map_steps").to_pandas()
    width, height = np.ptp(table["x"]), np.ptp(table["y"])
    size = max(width, height)
    left = table["x"].min() - (size - width) / 2
    top = table["y"].min() - (size - height) / 2
    for step in (STEPS[0], STEPS[-1]):
        found = training_view.places(data, "tiny", step)
        own = table[table["step"] == step].set_index(["layer", "neuron"])
        ids = list(
            zip(
                unpack(found["layer"]).tolist(),
                unpack(found["neuron"]).tolist(),
                strict=True,
            )
        )
        assert len(ids) == len(own) == found["n"]
        for axis, start in (("x", left), ("y", top)):
            wanted = own.loc[ids][axis].to_numpy()
            got = unpack(found[axis]) / 65535 * size + start
            assert np.abs(got - wanted).max() <= size / 65535
    with pytest.raises(KnError, match="no map of step 5"):
        training_view.places(data, "tiny", 5)


def test_what_is_missing_is_named_with_its_command(tmp_path: Any) -> None:
    lake = add_training(tmp_path, steps=(0, 4))
    for place, tables in (
        (lakes.model("tiny"), ("neuron_map_steps", "layer_steps")),
        (at(0), ("interventions",)),
    ):
        for table in tables:
            shutil.rmtree(lake.folder(place) / table)
    database = Database(lake)
    found = training_view.training(database, "tiny@step4")
    database.close()
    assert set(found["missing"]) == {"map", "layers", "knowledge"}
    assert found["layers"] is None
    assert "kn run --corpus made --model tiny --steps-of all" in found["missing"]["map"]
    assert "Step 0 has no table `interventions`" in found["missing"]["knowledge"]
    assert "kn knowledge --corpus made --model tiny --steps-of all" in found["missing"]["knowledge"]


def test_a_model_of_one_moment_names_those_with_steps(data: Database) -> None:
    found = training_view.training(data, "plain")
    assert found["steps"] == []
    assert found["others"] == ["tiny@step512"]


# -- the page --------------------------------------------------------------------------------------


def test_the_slider_moves_all_panes_and_keeps_what_is_chosen(page: Screen, data: Database) -> None:
    opened(page)
    slider = page.page.locator("[data-kn=steps]").get_by_role("slider", name="Step of training")
    slider.press("ArrowRight")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    page.until("kn.prompt && kn.neuron")
    assert {k: page.address(k) for k in PROMPT} == {k: str(v) for k, v in PROMPT.items()}
    assert "step 64" in page.page.locator("[data-kn=steps] output").inner_text()
    page.tab("Explore")
    page.until("kn.neuron && !document.querySelector('.kn-waiting')")
    fired = (
        data.cursor()
        .execute("FROM heatmap('tiny@step64', 3) WHERE position = 5 AND layer = 1")
        .fetchall()
    )
    assert page.page.locator(".kn-counts span").nth(1).inner_text() == str(len(fired))
    bar = page.page.locator("[data-kn=bar]").get_by_role("slider", name="Step of training")
    bar.press("Home")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step0'")
    page.tab("Map")
    page.until("document.documentElement.dataset.knMap === 'neurons'")
    assert page.address("token") == "5"
    page.page.get_by_label("Model").wait_for()
    assert page.page.get_by_label("Model").input_value() == "tiny@step0"


def test_a_step_is_picked_by_name_too(page: Screen) -> None:
    opened(page)
    page.page.get_by_label("Model").select_option("tiny@step512")
    page.until("document.querySelector('[data-kn=steps] output').textContent.includes('512')")
    page.until("kn.prompt && kn.neuron && !document.querySelector('.kn-waiting')")
    assert {k: page.address(k) for k in PROMPT} == {k: str(v) for k, v in PROMPT.items()}


def test_a_model_at_no_step_has_the_steps_of_its_training(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("final")
    add_training(root, steps=(0, 4))
    page = screens(serve(make_lake(root, "tiny"))).open(model="tiny", tab="training")
    page.until("document.querySelector('.kn-fact-title b')")
    assert page.page.locator("[data-kn=steps] output").inner_text() == "at no step"
    page.page.locator("[data-kn=steps]").get_by_role("slider").press("ArrowRight")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step0'")


def test_dragging_the_slider_stands_on_checkpoints(page: Screen) -> None:
    opened(page, step=0)
    slider = page.page.locator("[data-kn=steps]").get_by_role("slider", name="Step of training")
    box = slider.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + 9, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2, steps=8)
    page.page.mouse.up()
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    wanted = np.log1p(64) / np.log1p(512)
    assert int(slider.input_value()) == pytest.approx(10_000 * wanted, abs=1)
    assert slider.get_attribute("aria-valuetext") == "step 64, checkpoint 4 of 5"


def test_playing_runs_to_the_last_step(page: Screen) -> None:
    opened(page, step=8)
    page.page.locator("[data-kn=steps]").get_by_role("button", name="Play the training").click()
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")
    page.page.locator("[data-kn=steps]").get_by_role("button", name="Play the training").wait_for()
    page.until("document.documentElement.dataset.knStepMap === '512'")


def test_a_fact_is_found_by_typing_and_read_at_the_step(page: Screen, data: Database) -> None:
    opened(page)
    box = page.page.locator("[data-kn=tfact]").get_by_role("combobox", name="Search facts")
    box.fill("afghanistan")
    page.until("document.querySelector('[data-kn=tfact] [role=option]')")
    box.press("ArrowDown")
    box.press("Enter")
    page.until("new URLSearchParams(location.search).get('fact')")
    fact = page.address("fact")
    page.until("document.querySelector('.kn-fact-title').textContent.includes('Afghanistan')")
    rows = (
        data.cursor()
        .execute(f"SELECT step, probability, n_right, n_wordings FROM fact_story('tiny', {fact})")
        .fetchall()
    )
    _, probability, right, wordings = next(r for r in rows if r[0] == 8)
    assert float(reading(page, "Its answer", "probability")) == pytest.approx(probability, rel=6e-3)
    assert reading(page, "Its answer", "wordings right") == f"{right} of {wordings}"


def test_a_chart_tells_on_hover_and_moves_the_step_on_click(page: Screen, data: Database) -> None:
    opened(page, fact=FACT)
    page.page.get_by_role("button", name="this fact").click()
    plot = chart(page, "Changing neurons").locator("svg.kn-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    place = {"x": 40 + (box["width"] - 52) * np.log1p(64) / np.log1p(512), "y": box["height"] / 2}
    plot.hover(position=place)
    told = page.page.locator(".kn-tip").inner_text()
    assert told.startswith("step 64")
    rows = (
        data.cursor()
        .execute(
            f"SELECT control, ratio FROM fact_effects('tiny', {FACT}) "
            "WHERE step = 64 AND kind = 'suppress'"
        )
        .fetchall()
    )
    words = {
        "refined": "its own",
        "random": "random",
        "matched": "equally active",
        "final": "the last",
    }
    for control, ratio in rows:
        if control in words:
            (line,) = [t for t in told.splitlines() if t.startswith(words[control])]
            shown = line.split("\t")[1].split(" %")[0].replace("−", "-")
            assert float(shown) == pytest.approx(100 * ratio, abs=0.51)
    plot.click(position=place)
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step64'")
    plot.press("ArrowLeft")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step8'")
    plot.press("End")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")


def test_a_neuron_is_told_through_training(page: Screen, trained: Lake) -> None:
    opened(page)
    page.until("document.querySelector('[data-kn=tneuron] .kn-reading b')")
    (row,) = [
        r
        for r in trained.read(lakes.model("tiny"), "neuron_steps").to_pylist()
        if (r["step"], r["layer"], r["neuron"]) == (8, 2, 7)
    ]
    shown = float(reading(page, "Firing rate", "fires at").removesuffix(" %"))
    assert shown == pytest.approx(100 * row["firing_rate"], abs=0.06)
    assert float(reading(page, "Like its final self", "overlap")) == pytest.approx(
        row["top_iou"], rel=6e-3
    )
    assert "Layer 2 · neuron 7" in page.page.locator("[data-kn=tneuron] h2").inner_text()


# Where the page drew a neuron, in canvas pixels, from the places that the server told.
DRAWN = """
async ([model, step, layer, neuron]) => {
  const data = await kn.ask('training_places', {model, step});
  const [layers, neurons, x, y] = ['layer', 'neuron', 'x', 'y'].map(n => kn.unpack(data[n]));
  const i = layers.findIndex((l, k) => l === layer && neurons[k] === neuron);
  const stage = document.querySelector('.kn-step-stage');
  const [w, h] = [stage.clientWidth, stage.clientHeight];
  const side = Math.min(w, h);
  const zoom = Math.min(w / data.extent[0], h / data.extent[1]) / side / 1.04;
  const [u, v] = [x[i] / 65535, 1 - y[i] / 65535];
  const place = [(u - 0.5) * zoom * side + w / 2, (v - 0.5) * zoom * side + h / 2];
  const canvas = stage.querySelector('canvas');
  const ratio = canvas.width / w;
  const [px, py] = place.map(v => v * ratio - 2);
  const pixels = canvas.getContext('2d').getImageData(px, py, 5, 5).data;
  return {place, drawn: pixels.some((value, k) => k % 4 === 3 && value > 0)};
}
"""


def test_points_move_to_their_places_and_are_clicked(page: Screen) -> None:
    opened(page, step=0)
    page.until("document.documentElement.dataset.knStepMap === '0'")
    places = {}
    for step in (0, 512):
        page.page.locator("[data-kn=steps]").get_by_role("slider").press(
            "Home" if not step else "End"
        )
        page.until(f"document.documentElement.dataset.knStepMap === '{step}'")
        for layer, neuron in ((0, 1), (3, 29)):
            found = page.page.evaluate(DRAWN, ["tiny@step0", step, layer, neuron])
            assert found["drawn"]
            places[step, layer] = found["place"]
    assert places[0, 3] != places[512, 3]
    stage = page.page.locator(".kn-step-stage canvas").first
    stage.click(position=dict(zip("xy", places[512, 3], strict=True)))
    page.until("kn.state.layer === 3 || kn.state.neuron !== 7")
    assert page.address("neuron") == str(page.page.evaluate("kn.state.neuron"))
    stage.press("ArrowRight")
    stage.press("Enter")
    words = page.page.locator("[data-kn=tmap] .kn-said").inner_text()
    layer, neuron = page.page.evaluate("[kn.state.layer, kn.state.neuron]")
    assert words == f"layer {layer} · neuron {neuron}"


def test_the_map_follows_a_step_moved_in_another_tab_and_keeps_its_zoom(page: Screen) -> None:
    opened(page, step=0)
    page.until("document.documentElement.dataset.knStepMap === '0'")
    canvas = page.page.locator(".kn-step-stage canvas").first
    drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.join()"
    canvas.press("0")
    whole = canvas.evaluate(drawn)
    canvas.press("+")
    page.page.wait_for_timeout(100)
    zoomed = canvas.evaluate(drawn)
    assert zoomed != whole
    page.tab("Explore")
    bar = page.page.locator("[data-kn=bar]").get_by_role("slider", name="Step of training")
    for key, step in (("End", 512), ("Home", 0)):
        bar.press(key)
        page.until(f"new URLSearchParams(location.search).get('model') === 'tiny@step{step}'")
        page.tab("Training")
        page.until(f"document.documentElement.dataset.knStepMap === '{step}'")
        page.tab("Explore")
    page.tab("Training")
    page.page.wait_for_timeout(100)
    assert canvas.evaluate(drawn) == zoomed
    canvas.press("0")
    assert canvas.evaluate(drawn) == whole


def test_checkpoints_are_a_table_whose_rows_move_the_step(page: Screen, data: Database) -> None:
    opened(page)
    table = page.page.locator(".kn-checkpoints tbody")
    table.locator("tr").first.wait_for()
    rows = (
        data.cursor()
        .execute(
            "SELECT step, known, neurons_per_fact, suppress, suppress_random, suppress_final "
            "FROM training_story('tiny')"
        )
        .fetchall()
    )

    def change(text: str) -> float:
        return float(text.split(" %", maxsplit=1)[0].replace("−", "-"))

    for i, (step, known, neurons, own, random, final) in enumerate(rows):
        cells = table.locator("tr").nth(i).locator("th, td").all_inner_texts()
        assert cells[0] == str(step)
        assert float(cells[1].removesuffix(" %")) == pytest.approx(100 * known, abs=0.51)
        assert float(cells[6]) == pytest.approx(neurons, rel=6e-3)
        for text, value in ((cells[7], own), (cells[8], random), (cells[11], final)):
            assert change(text) == pytest.approx(100 * value, abs=0.51)
    assert (
        page.page.locator(".kn-checkpoints [aria-current=step]").get_attribute("data-step") == "8"
    )
    page.page.get_by_role("button", name="Go to step 512").press("Enter")
    page.until("new URLSearchParams(location.search).get('model') === 'tiny@step512'")
    assert (
        page.page.locator(".kn-checkpoints [aria-current=step]").get_attribute("data-step") == "512"
    )


def test_a_link_holds_step_fact_and_neuron(page: Screen) -> None:
    opened(page, step=64, fact=22)
    page.until("kn.state.fact === '22'")
    title = page.page.locator(".kn-fact-title").inner_text()
    page.page.reload()
    page.until("document.documentElement.dataset.knTraining === 'tiny'")
    page.until("document.querySelector('.kn-fact-title b')")
    assert page.page.locator(".kn-fact-title").inner_text() == title
    assert "step 64" in page.page.locator("[data-kn=steps] output").inner_text()


@pytest.mark.parametrize("fact", ["99999", "<b>1</b>", "-3"])
def test_a_fact_that_is_not_there_is_said(page: Screen, fact: str) -> None:
    opened(page, fact=fact)
    notice = page.page.locator(".kn-notice span")
    page.until("!document.querySelector('.kn-notice').hidden")
    assert f"There is no fact {fact}" in notice.inner_text()
    assert page.address("fact") == "0"


def test_where_no_steps_are_the_commands_stand(page: Screen) -> None:
    page.open(model="plain", tab="training")
    page.page.locator(".kn-none-yet").wait_for()
    words = page.page.locator(".kn-none-yet").inner_text()
    assert "kn train" in words and "--steps-of" in words
    assert not page.page.locator("[data-kn=tfact]").is_visible()
    page.page.locator(".kn-none-yet").get_by_role("button", name="tiny").click()
    page.until("document.documentElement.dataset.knTraining === 'tiny'")
    page.page.locator(".kn-checkpoints tbody tr").first.wait_for()


def test_what_is_there_shows_without_the_rest(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lake = add_training(tmp_path_factory.mktemp("some"), steps=(0, 4))
    shutil.rmtree(lake.folder(lakes.model("tiny")) / "neuron_map_steps")
    for step in (0, 4):
        for table in (
            "interventions",
            "intervention_effects",
            "attribution_error",
            "knowledge_neurons",
        ):
            shutil.rmtree(lake.folder(at(step)) / table)
    page = screens(serve(lake)).open(model="tiny@step4", tab="training", fact=FACT)
    page.page.locator(".kn-fact-title b").first.wait_for()
    assert "neuron_map_steps" in page.page.locator("[data-kn=tmap] .kn-message").inner_text()
    for title in ("Attribution by layer", "Changing neurons"):
        assert "kn knowledge" in chart(page, title).locator(".kn-message").inner_text()
    assert float(reading(page, "Its answer", "probability")) > 0
    assert page.page.locator("[data-kn=tlayers] .kn-cell").count() > 0


def test_every_query_of_the_tab_answers(page: Screen) -> None:
    opened(page, fact=FACT)
    page.page.locator(".kn-checkpoints tbody tr").first.wait_for()
    page.until("document.querySelector('[data-kn=tneuron] .kn-reading b')")
    n = page.page.locator(".kn-training .kn-sql").filter(has_text="SQL").count()
    assert n == 7
    for i in range(n):
        page.page.locator(".kn-training .kn-sql").filter(has_text="SQL").nth(i).click()
        page.until("kn.state.tab === 'sql'")
        page.until("document.querySelector('.kn-result tbody tr')")
        assert page.page.locator("[data-kn=sql] .kn-error").count() == 0
        page.tab("Training")
        page.page.locator(".kn-fact-title b").first.wait_for()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_training_is_legible_and_nothing_scrolls_sideways(
    page: Screen, width: int, scheme: str
) -> None:
    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": width, "height": 800})
    opened(page, fact=FACT)
    page.page.locator(".kn-checkpoints tbody tr").first.wait_for()
    page.until("!document.querySelector('.kn-waiting')")
    page.page.wait_for_timeout(300)
    ratio, text = page.page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # What a screen reader is told of each chart.
    labels = page.page.locator("svg.kn-plot:visible").evaluate_all(
        "all => all.map(s => s.getAttribute('aria-label'))"
    )
    assert len(labels) == 12 and all(label and "step" in label for label in labels)
