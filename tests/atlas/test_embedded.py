"""The embedded model over real facts against plain Hugging Face, and what bfloat16 moves."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import plan as corpus_tables
from kn_assets.defs.assets import shown
from kn_assets.knowledge import fact_tables, tables
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.models import embedded
from kn_assets.progress import Progress
from tests.atlas import agree, dense
from tests.models.store import lake_with_embedded_model

N_PROMPTS = 6


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    lake = lake_with_embedded_model(tmp_path_factory.mktemp("embedded") / "lake")
    corpus = corpus_tables.CorpusPlan(lake, "geonames")
    corpus.make(corpus.tables, Progress())
    settings = AtlasSettings(
        corpus="geonames", model=embedded.KEY, limit=N_PROMPTS, dtype="float32", top_k=3
    )
    plan = AtlasPlan(lake, settings)
    extract(plan, NEEDS, Progress())
    return plan


@pytest.fixture(scope="module")
def wanted(plan: AtlasPlan) -> tuple[list[dense.Dense], object]:
    folder = embedded.folder(plan.lake)
    model = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = plan.lake.read(plan.corpus, "prompts")["text"].to_pylist()[:N_PROMPTS]
    return [dense.run(model, tokenizer(t)["input_ids"][:30], "llama") for t in texts], model


def test_activations_and_statistics_equal_direct_hooks(
    plan: AtlasPlan, wanted: tuple[list[dense.Dense], object]
) -> None:
    prompts, _ = wanted
    agree.check_fired(plan.lake, plan.model, prompts, 1e-4)
    agree.check_statistics(plan.lake, plan.model, prompts, 3, 1e-5, every=101)
    agree.check_attention(plan.lake, plan.model, prompts, 2e-5)


def test_the_lens_equals_a_float64_softmax_and_ends_at_the_models_output(
    plan: AtlasPlan, wanted: tuple[list[dense.Dense], object]
) -> None:
    prompts, model = wanted
    found = plan.lake.read(plan.model, "logit_lens")
    weight = model.lm_head.weight.double()  # type: ignore[attr-defined]
    for prompt in range(2):
        one = prompts[prompt]
        rows = found.filter(np.asarray(found["prompt_id"]) == prompt)
        for layer in (0, 7, 15, 22, 29):
            with torch.no_grad():
                normed = model.model.norm(one.hidden[layer]).double()  # type: ignore[attr-defined]
                p = torch.softmax(normed @ weight.T, -1).numpy()
            some = rows.filter(np.asarray(rows["layer"]) == layer)
            ids = some["token_id"].to_numpy().reshape(-1, 5)
            got = some["probability"].to_numpy().reshape(-1, 5)
            np.testing.assert_allclose(got, -np.sort(-p, axis=1)[:, :5], atol=1e-4)
            np.testing.assert_allclose(got, np.take_along_axis(p, ids, 1), atol=1e-4)
            following = np.array(one.ids[1:])
            of_next = some["next_probability"].to_numpy().reshape(-1, 5)[:-1, 0]
            expected = p[np.arange(len(following)), following]
            np.testing.assert_allclose(of_next, expected, atol=1e-4)
        np.testing.assert_allclose(p, one.probabilities, atol=1e-4)


def test_bfloat16_keeps_the_bounds_the_readme_states(plan: AtlasPlan) -> None:
    """Median relative change at most 2 %, fired sets alike to a Jaccard of 0.93 or better."""
    rough = AtlasPlan(plan.lake, plan.settings.with_given(dtype="bfloat16"))
    columns = ("prompt_id", "position", "layer", "neuron")

    def fired() -> dict[tuple[int, ...], float]:
        table = plan.lake.read(plan.model, "activations")
        keys = zip(*(table[c].to_numpy() for c in columns), strict=True)
        return dict(zip(keys, table["activation"].to_numpy(), strict=True))

    exact = fired()
    extract(rough, ["atlases", "thresholds", "activations"], Progress())
    found = fired()
    both = exact.keys() & found.keys()
    assert len(both) / len(exact.keys() | found.keys()) > 0.93
    change = [abs(found[k] - exact[k]) / abs(exact[k]) for k in both]
    assert np.median(change) < 0.02


@pytest.mark.thorough
def test_facts_are_asked_attributed_and_intervened_on(plan: AtlasPlan) -> None:
    """The whole causal side on a handful of facts that the pretrained model does know."""
    facts = fact_tables.FactsPlan(corpus_tables.CorpusPlan(plan.lake, "geonames"))
    facts.make(facts.tables, Progress())
    settings = KnowledgeSettings(facts=1, known=1, steps=3)
    made = tables.write_knowledge(plan, settings, Progress())
    assert set(made) == set(tables.OF_MODEL)
    for table in (*fact_tables.OF_CORPUS, *tables.OF_MODEL):
        of = facts if table in facts.tables else tables.KnowledgePlan(plan, settings)
        result = shown(of, table)  # what the asset tells, its checks included
        assert all(check.passed for check in result.check_results), table
    read = {t: plan.lake.read(plan.model, t).to_pylist() for t in tables.OF_MODEL}
    asked = {(r["fact_id"], r["prompt"]): r for r in read["fact_answers"]}
    taken = {r["fact_id"] for r in read["attribution_error"]}
    assert taken, "it knows a country's capital or two"
    relations = {r["fact_id"]: r for r in plan.lake.read(plan.corpus, "facts").to_pylist()}
    assert all(relations[f]["object"] for f in taken)
    own = [row for row in read["interventions"] if row["prompt_fact_id"] == row["fact_id"]]
    assert {row["fact_id"] for row in own} <= taken and own
    for row in own:
        before = asked[row["fact_id"], row["prompt"]]["probability"]
        assert abs(row["probability_before"] - before) < 1e-4
    effect = {
        (r["kind"], r["condition"]): r["relative_change"]
        for r in read["intervention_effects"]
        if r["relation"] == "all" or len({e["relation"] for e in read["intervention_effects"]}) == 1
    }
    assert effect["suppress", "knowledge_neurons"] < effect["suppress", "random"]
