"""The tab Knowledge: its answers against the tables, and its page in a real browser."""

from __future__ import annotations

import json
import shutil
import statistics
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kn_assets import lake as lakes
from kn_assets.database import Database
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.made_up import make_lake
from kn_assets.progress import Progress
from tests.test_live_knowledge import KEY, lake_with_facts
from tests.ui.asking import CONTRAST
from tests.ui.screen import Screen
from ui import knowledge_tab, knowledge_view
from ui.api import Api
from ui.app import TABS

pytestmark = pytest.mark.browser

MODEL = "tiny"
FACT = 0
SHAPE: dict[str, Any] = {"n_prompts": 12, "n_layers": 4, "n_neurons": 30, "density": 0.12}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("told"), MODEL, **SHAPE)


@pytest.fixture(scope="module")
def data(told: Lake) -> Iterator[Database]:
    database = Database(told)
    yield database
    database.close()


@pytest.fixture(scope="module")
def where(told: Lake, serve: Callable[..., str]) -> str:
    return serve(told)


@pytest.fixture
def page(screens: Callable[[str], Screen], where: str) -> Screen:
    return screens(where)


@pytest.fixture(scope="module")
def own_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_with_facts(tmp_path_factory.mktemp("own"))


def read(lake: Lake, table: str, **where: Any) -> list[dict[str, Any]]:
    rows = lake.read(lakes.model(MODEL), table).to_pylist()
    return [r for r in rows if all(r[k] == v for k, v in where.items())]


def opened(screen: Screen, fact: object = FACT, **address: object) -> Screen:
    screen.open(model=MODEL, tab="knowledge", fact=fact, **address)
    screen.until("document.querySelector('.kn-neuron')")
    screen.until("document.querySelector('.kn-claim')")
    return screen


def percent(text: str) -> float:
    return float(text.split(" %", maxsplit=1)[0].replace("−", "-").replace(",", ""))


# -- answers ---------------------------------------------------------------------------------------


def test_facts_are_found_by_subject_object_and_relation(told: Lake, data: Database) -> None:
    facts = told.read(lakes.corpus("made"), "facts").to_pylist()
    every = knowledge_view.facts(data, MODEL, "", 0, 500)
    assert every["total"] == len(every["rows"]) == len(facts)
    paged = [
        row["fact_id"]
        for offset in range(0, len(facts), 7)
        for row in knowledge_view.facts(data, MODEL, "", offset, 7)["rows"]
    ]
    assert paged == [row["fact_id"] for row in every["rows"]]
    for text in ("SAO PAULO", "japan", "city-continent", "lodz"):
        from_view = {r["fact_id"] for r in knowledge_view.facts(data, MODEL, text, 0, 500)["rows"]}
        folded = {"SAO PAULO": "São Paulo", "lodz": "Łódź"}.get(text, text).casefold()
        wanted = {
            f["fact_id"]
            for f in facts
            if any(folded in f[k].casefold() for k in ("subject", "object", "relation"))
        }
        assert from_view == wanted and wanted
    answers = read(told, "fact_answers", fact_id=FACT)
    (row,) = [r for r in every["rows"] if r["fact_id"] == FACT]
    assert row["n_right"] == sum(a["rank"] == 1 for a in answers)
    assert row["known"] == (2 * row["n_right"] >= len(answers))
    asked = {a["fact_id"] for a in read(told, "fact_answers")}
    assert {r["fact_id"] for r in every["rows"] if r["known"] is not None} == asked


def test_a_fact_comes_with_its_wordings_neurons_and_interventions(
    told: Lake, data: Database
) -> None:
    found = knowledge_view.fact(data, MODEL, FACT)
    assert found["missing"] is None
    answers = {a["paraphrase"]: a for a in read(told, "fact_answers", fact_id=FACT)}
    prompts = told.read(lakes.corpus("made"), "fact_prompts").to_pylist()
    assert [w["text"] for w in found["wordings"]] == [
        p["text"] for p in prompts if p["fact_id"] == FACT
    ]
    for wording in found["wordings"]:
        assert wording["rank"] == answers[wording["paraphrase"]]["rank"]
        assert wording["top"] == answers[wording["paraphrase"]]["top"]
    scores: dict[tuple[int, int], float] = {}
    for row in read(told, "attributions", fact_id=FACT):
        key = row["layer"], row["neuron"]
        scores[key] = scores.get(key, 0) + row["score"] / len(answers)
    assert {(n["layer"], n["neuron"]): n["score"] for n in found["neurons"]} == pytest.approx(
        scores
    )
    assert [n["score"] for n in found["neurons"]] == pytest.approx(
        sorted(scores.values(), reverse=True)
    )
    refined = {(n["layer"], n["neuron"]) for n in found["neurons"] if n["refined"]}
    assert refined == {
        (r["layer"], r["neuron"]) for r in read(told, "knowledge_neurons", fact_id=FACT)
    }
    assert len(found["interventions"]) == len(read(told, "interventions", fact_id=FACT))
    layer, neuron = next(iter(refined))
    shared = knowledge_view.shared(data, MODEL, layer, neuron)["rows"]
    assert {r["fact_id"] for r in shared} == {
        r["fact_id"] for r in read(told, "knowledge_neurons", layer=layer, neuron=neuron)
    }
    with pytest.raises(KnError, match="no fact 99999"):
        knowledge_view.fact(data, MODEL, 99_999)


SENTENCE = {"model": KEY, "sentence": "Kabul is", "answer": "the", "do": "attribute", "steps": 4}
CHANGE = {**SENTENCE, "do": "change", "factor": 0, "neurons": [[0, 1]]}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, "no atlas ''"),
        ({**SENTENCE, "model": "../x"}, "no atlas '../x'"),
        ({**SENTENCE, "sentence": 5}, "sentence must be a text"),
        ({**SENTENCE, "sentence": ""}, "fact must be a whole number"),
        ({**SENTENCE, "sentence": "a" * 101}, "100 or fewer"),
        ({**SENTENCE, "answer": ""}, "the answer that ends it"),
        ({**SENTENCE, "do": "delete"}, "attribute, change"),
        ({**SENTENCE, "steps": 65}, "from 0 to 64"),
        ({**CHANGE, "factor": -1}, "from 0 to 100"),
        ({**CHANGE, "factor": True}, "from 0 to 100"),
        ({**CHANGE, "neurons": []}, "pairs of whole numbers"),
        ({**CHANGE, "neurons": [[0, 1, 2]]}, "pairs of whole numbers"),
        ({**CHANGE, "neurons": [[0, 1]] * 201}, "1 to 200 pairs"),
        ({**CHANGE, "neurons": [[99, 0]]}, "no neuron"),
    ],
)
def test_what_a_browser_sends_is_checked(own_api: Api, asked: Any, words: str) -> None:
    *_, last = knowledge_tab._run(own_api, asked, "me")
    assert words in json.loads(last)["error"]


@pytest.fixture(scope="module")
def own_api(own_lake: Lake) -> Iterator[Api]:
    from ui.live_queue import LiveLimits

    api = Api(own_lake, TABS, live_limits=LiveLimits(characters=100, seconds=120))
    yield api
    api.close()


class Held:
    """Stands in for the process: a run goes on until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def ask(self, question: dict[str, Any], timeout_s: float, tell: Any) -> bytes:
        tell("layers attributed", 1, 3)
        assert self.go.wait(60)
        self.asked.append(question["do"])
        return json.dumps({"did": question["do"]}).encode()

    def close(self) -> None:
        self.go.set()


def test_runs_wait_in_the_queue_of_all_live_runs(own_lake: Lake) -> None:
    api = Api(own_lake, TABS)
    api.live._process.close()
    api.live._process = held = Held()  # type: ignore[assignment]
    first = knowledge_tab._run(api, {**SENTENCE, "ask": 1}, "a")
    second = knowledge_tab._run(api, {**CHANGE, "ask": 2}, "b")
    third = api.live.run({"model": KEY, "text": "Kabul"}, "c")
    assert json.loads(next(first))["done"] == 1
    assert json.loads(next(second)) == {"waiting": 1, "ask": 2}
    assert json.loads(next(third))["waiting"] == 2
    mine = list(knowledge_tab._run(api, {**CHANGE, "ask": 3}, "b"))
    assert "wait for it" in json.loads(mine[-1])["error"]
    third.close()  # type: ignore[attr-defined]  # its page is gone
    held.go.set()
    assert json.loads([*first][-1]) == {"found": {"did": "attribute"}, "ask": 1}
    assert json.loads([*second][-1])["found"] == {"did": "change"}
    assert held.asked == ["attribute", "change"]
    api.close()


# -- the page --------------------------------------------------------------------------------------


def test_a_fact_is_typed_and_picked_by_keyboard(page: Screen, told: Lake) -> None:
    opened(page)
    box = page.page.locator("[data-kn=facts]").get_by_role("combobox", name="Search facts")
    box.fill("sao paulo")
    page.until("!document.querySelector('[data-kn=facts] .kn-list').textContent.includes('Kabul')")
    box.press("ArrowDown")
    box.press("ArrowDown")
    box.press("Enter")
    page.until("document.querySelector('[data-kn=fact] h2').textContent.startsWith('São Paulo')")
    fact = int(str(page.address("fact")))
    (row,) = [
        f for f in told.read(lakes.corpus("made"), "facts").to_pylist() if f["fact_id"] == fact
    ]
    title = page.page.locator("[data-kn=fact] h2").inner_text()
    assert title.split(" → ") == [row["subject"], row["object"]]
    picked = page.page.locator("[data-kn=facts] [aria-selected=true]")
    assert picked.get_attribute("data-fact") == str(fact)


def test_the_grid_holds_the_neurons_by_layer_and_score(page: Screen, told: Lake) -> None:
    opened(page)
    refined = {(r["layer"], r["neuron"]) for r in read(told, "knowledge_neurons", fact_id=FACT)}
    shown = page.page.locator(".kn-neuron").evaluate_all(
        "all => all.map(b => [b.getAttribute('aria-label'), b.classList.contains('kn-refined'), "
        "Number(b.parentElement.dataset.layer)])"
    )
    scores = {(r["layer"], r["neuron"]) for r in read(told, "attributions", fact_id=FACT)}
    assert len(shown) == len(scores)
    last: dict[int, float] = {}
    for label, framed, row in shown:
        layer, neuron = (int(w.rstrip(",")) for w in label.split()[1:4:2])
        score = float(label.split("score ")[1].split(",")[0])
        assert layer == row
        assert framed == ((layer, neuron) in refined) == ("knowledge neuron" in label)
        assert score <= last.get(layer, 1)
        last[layer] = score
    page.page.locator(".kn-neuron.kn-refined").first.hover()
    tip = page.page.locator(".kn-tip").inner_text()
    assert "in 7 of 7 wordings" in tip and "promotes" in tip
    chip, ground = (
        page.page.locator(where).first.evaluate(f"e => getComputedStyle(e).{what}")
        for where, what in ((".kn-tip .kn-chip", "color"), (".kn-tip", "backgroundColor"))
    )
    assert chip == "rgb(255, 255, 255)" and ground == "rgb(23, 32, 27)"  # light on dark
    clear = page.page.locator(".kn-tip .kn-chip").first
    assert clear.evaluate("e => getComputedStyle(e).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_neuron_is_clicked_and_told(page: Screen, data: Database, told: Lake) -> None:
    opened(page)
    cell = page.page.locator(".kn-neuron.kn-refined").nth(1)
    layer, neuron = (
        int(w.rstrip(",")) for w in str(cell.get_attribute("aria-label")).split()[1:4:2]
    )
    cell.click()
    page.until(f"kn.neuron?.card?.neuron === {neuron} && kn.neuron.card.layer === {layer}")
    assert cell.get_attribute("aria-pressed") == "true"
    side = page.page.locator("[data-kn=knowledge], .kn-side").locator("[data-kn=neuron]")
    assert f"Layer {layer} · neuron {neuron}" in side.inner_text()
    sharing = read(told, "knowledge_neurons", layer=layer, neuron=neuron)
    page.until(f"document.querySelectorAll('.kn-shared-fact').length === {len(sharing)}")
    page.page.get_by_role("button", name="where it fires, in Explore").click()
    page.until("kn.state.tab === 'explore'")
    assert (page.address("layer"), page.address("neuron")) == (str(layer), str(neuron))


def test_the_grid_works_by_keyboard(page: Screen) -> None:
    opened(page)
    first = page.page.locator(".kn-neuron[tabindex='0']")
    assert first.count() == 1
    first.focus()
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowDown")
    label = page.page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.page.keyboard.press("Enter")
    layer, neuron = (w.rstrip(",") for w in label.split()[1:4:2])
    page.until(f"kn.state.layer === {layer} && kn.state.neuron === {neuron}")
    assert page.page.locator(".kn-neuron[tabindex='0']").count() == 1


@pytest.mark.parametrize(
    ("kind", "button"), [("suppress", "suppress ×0"), ("amplify", "amplify ×2")]
)
def test_neurons_are_changed_with_a_click_beside_their_controls(
    page: Screen, told: Lake, kind: str, button: str
) -> None:
    opened(page)
    page.page.get_by_role("button", name=button).click()
    rows = page.page.locator(".kn-change tbody tr[data-control]")
    controls = rows.evaluate_all("all => all.map(r => r.dataset.control)")
    assert controls == ["refined", "random", "matched", "unrelated"]
    for i, control in enumerate(controls):
        stored = read(told, "interventions", fact_id=FACT, kind=kind, control=control)
        before = statistics.mean(r["probability_before"] for r in stored)
        after = statistics.mean(r["probability_after"] for r in stored)
        cells = rows.nth(i).locator("td").all_inner_texts()
        assert float(cells[0]) == pytest.approx(before, abs=6e-4)
        assert float(cells[1]) == pytest.approx(after, abs=6e-4)
        assert percent(cells[2]) == pytest.approx(100 * (after / before - 1), abs=0.51)
    assert "95 % intervals" in page.page.locator("[data-kn=fact]").inner_text()


def test_one_wording_is_picked(page: Screen, told: Lake) -> None:
    opened(page)
    page.page.locator(".kn-wordings tbody tr").nth(3).click()
    (stored,) = read(
        told, "interventions", fact_id=FACT, kind="suppress", control="refined", paraphrase=2
    )
    cells = page.page.locator(".kn-claim td").all_inner_texts()
    assert float(cells[0]) == pytest.approx(stored["probability_before"], abs=6e-4)
    assert cells[3] == f"{stored['rank_before']} → {stored['rank_after']}"
    shown = page.page.locator(".kn-change").nth(1).locator("tbody tr")
    for i, name in ((0, "top_before"), (1, "top_after")):
        chips = shown.nth(i).locator(".kn-chip").all_text_contents()
        expected = page.page.evaluate("list => list.map(t => kn.quoted(t))", stored[name])
        assert chips == expected


def test_hostile_names_and_tokens_are_text(page: Screen, told: Lake) -> None:
    facts = told.read(lakes.corpus("made"), "facts").to_pylist()
    asked = {r["fact_id"] for r in read(told, "knowledge_neurons")}
    fact = next(f for f in facts if "<script>" in f["subject"] and f["fact_id"] in asked)
    opened(page, fact["fact_id"])
    assert fact["subject"] in page.page.locator("[data-kn=fact] h2").inner_text()
    assert page.page.locator("[data-kn] script, [data-kn] b b").count() == 0


def test_a_link_restores_fact_and_neuron(page: Screen) -> None:
    opened(page, fact=2)
    cell = page.page.locator(".kn-neuron").nth(2)
    cell.click()
    label = cell.get_attribute("aria-label")
    page.until("new URLSearchParams(location.search).get('neuron') === String(kn.state.neuron)")
    title = page.page.locator("[data-kn=fact] h2").inner_text()
    page.page.reload()
    page.until("document.querySelector('.kn-neuron[aria-pressed=true]')")
    pressed = page.page.locator(".kn-neuron[aria-pressed=true]")
    assert pressed.get_attribute("aria-label") == label
    assert page.page.locator("[data-kn=fact] h2").inner_text() == title


@pytest.mark.parametrize("fact", ["99999", "1e3", "../x"])
def test_a_fact_that_is_not_there_is_said(page: Screen, fact: str) -> None:
    opened(page, fact=fact)
    page.until("!document.querySelector('.kn-notice').hidden")
    assert f"no fact {fact}" in page.page.locator(".kn-notice").inner_text()


def test_every_query_of_the_tab_answers(page: Screen, told: Lake) -> None:
    fires = {(r["layer"], r["neuron"]) for r in read(told, "neuron_peaks")}
    held = next(
        r
        for r in read(told, "knowledge_neurons", fact_id=FACT)
        if (r["layer"], r["neuron"]) in fires
    )
    opened(page, layer=held["layer"], neuron=held["neuron"])
    page.until("document.querySelector('.kn-shared-fact')")
    buttons = page.page.locator(".kn-knowledge .kn-sql:visible").filter(has_text="show as SQL")
    n = buttons.count()
    assert n == 6
    for i in range(n):
        buttons.nth(i).click()
        page.until("kn.state.tab === 'sql'")
        page.until("document.querySelector('.kn-result tbody tr')")
        assert page.page.locator("[data-kn=sql] .kn-error").count() == 0
        page.tab("Knowledge")
        page.until("document.querySelector('.kn-claim')")


def test_a_model_that_is_not_here_is_said(page: Screen) -> None:
    opened(page)
    page.page.get_by_role("button", name="× factor").click()
    message = page.page.get_by_label("What changing them does").locator(".kn-message")
    message.wait_for()
    assert "not on this machine" in message.inner_text()
    page.page.locator(".kn-own-form summary").click()
    assert page.page.locator(".kn-own-form .kn-run").is_disabled()


def test_a_lake_without_facts_says_what_to_run(
    screens: Callable[[str], Screen],
    serve: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lake = make_lake(tmp_path_factory.mktemp("bare"))
    for table in ("facts", "fact_prompts"):
        shutil.rmtree(lake.folder(lakes.corpus("made")) / table)
    page = screens(serve(lake)).open(model="tiny", tab="knowledge").page
    for pane in ("facts", "fact"):
        message = page.locator(f"[data-kn={pane}] .kn-message").first
        message.wait_for()
        assert "kn knowledge --corpus made --model tiny" in message.inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (400, "light")])
def test_knowledge_is_legible_and_nothing_scrolls_sideways(
    page: Screen, width: int, scheme: str
) -> None:
    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": width, "height": 800})
    opened(page)
    page.page.locator(".kn-own-form summary").click()
    page.until("!document.querySelector('.kn-waiting')")
    page.page.wait_for_timeout(300)
    ratio, text = page.page.evaluate(CONTRAST)
    assert ratio >= 4.5, text
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# -- live ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(own_lake: Lake, serve: Callable[..., str]) -> str:
    return serve(own_lake)


def test_a_sentence_is_attributed_and_changed_live(
    screens: Callable[[str], Screen], own: str, own_lake: Lake
) -> None:
    from kn_assets.live_knowledge import LiveKnowledge

    screen = screens(own).open(tab="knowledge")
    screen.page.set_default_timeout(90_000)
    screen.page.locator(".kn-own-form summary").click()
    screen.page.get_by_label("Your sentence, up to the answer").fill(
        "<b>Kabul</b> is the capital of"
    )
    screen.page.get_by_label("Its answer").fill("sand")
    screen.page.get_by_label("Steps of the integral").select_option("8")
    screen.page.get_by_label("Its answer").press("Enter")
    screen.page.locator("[data-kn=fact] progress:visible").first.wait_for()
    screen.until("document.querySelector('.kn-claim')")
    assert screen.address("sentence") == "<b>Kabul</b> is the capital of"
    assert screen.address("answer") == "sand"
    live = LiveKnowledge.of(own_lake, KEY, Progress())
    question = {"text": "<b>Kabul</b> is the capital of", "answer": "sand"}
    wanted = live.attribute({**question, "steps": 8}, Progress())
    labels = screen.page.locator(".kn-neuron").evaluate_all(
        "all => all.map(b => b.getAttribute('aria-label'))"
    )
    shown = {tuple(int(w.rstrip(",")) for w in label.split()[1:4:2]) for label in labels}
    assert shown <= {(row[0], row[1]) for row in wanted["neurons"]}
    assert screen.page.locator(".kn-refined").count() <= wanted["coarse"]
    assert "<b>Kabul</b> is the capital of" in screen.page.locator(".kn-own-sentence").inner_text()
    notes = screen.page.locator(".kn-notes").inner_text()
    assert f"“sand” is {wanted['answer_tokens']} tokens: it is scored by its first" in notes
    assert "The model doesn't know this answer" in notes
    neurons = [row[:2] for row in wanted["neurons"][: wanted["coarse"]]]
    changed = live.change({**question, "factor": 0.0, "neurons": neurons}, Progress())
    own_row = changed["controls"][0]["trials"][0]
    rows = screen.page.locator(".kn-change tbody tr[data-control]")
    assert rows.evaluate_all("all => all.map(r => r.dataset.control)") == [
        "own",
        "random",
        "matched",
        "unrelated",
    ]
    cells = rows.first.locator("td").all_inner_texts()
    assert percent(cells[2]) == pytest.approx(
        100 * (own_row["after"] / own_row["before"] - 1), abs=0.51
    )
    # One neuron alone, by another factor, from the keyboard.
    screen.page.get_by_role("button", name="alone").click()
    screen.page.get_by_label("Factor").fill("3")
    screen.page.get_by_label("Factor").press("Enter")
    screen.until("document.querySelector('[data-kn=fact]').textContent.includes('One neuron ×3')")
    # The link runs it again.
    screen.page.reload()
    screen.until("document.querySelector('.kn-claim')")
    assert screen.page.get_by_label("Its answer").input_value() == "sand"


def test_a_fact_nothing_is_stored_of_is_attributed_live(
    screens: Callable[[str], Screen], own: str
) -> None:
    screen = screens(own).open(tab="knowledge")
    screen.page.set_default_timeout(90_000)
    screen.until("document.querySelector('.kn-wordings tbody tr')")
    assert "not asked of this model" in screen.page.locator("[data-kn=fact]").inner_text()
    assert "kn knowledge" in screen.page.locator("[data-kn=fact] .kn-message").first.inner_text()
    assert not screen.page.locator(".kn-claim").count()  # nobody asked for a run
    screen.page.get_by_role("button", name="Attribute it live").click()
    screen.until("document.querySelector('.kn-claim')")
    assert screen.page.locator(".kn-neuron").count() > 0
    assert screen.page.locator(".kn-change tbody tr[data-control]").count() == 4
