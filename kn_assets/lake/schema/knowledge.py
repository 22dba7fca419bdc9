"""The tables about facts: what is asked, answered, attributed, and changed."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import FACT, LAYER, NEURON, PARAPHRASE
from kn_assets.lake.schema.table import Column, Table

_SCORE = Column("score", pa.float32(), "share of the answer's probability (Dai et al. 2021)")
_KIND = Column("kind", pa.string(), "suppress: activations times 0; amplify: times the factor")
_CONTROL = Column(
    "control",
    pa.string(),
    "refined: the fact's own neurons; random, matched, unrelated: controls; "
    "final: its neurons at the last step of training",
)

TABLES = (
    Table(
        "facts",
        "corpus",
        "Facts to look for in a model: subject, relation, object.",
        (
            FACT,
            Column("relation", pa.string(), "name of the relation, e.g. city-country"),
            Column("subject", pa.string(), "what the fact is about"),
            Column("object", pa.string(), "the answer"),
            Column("city_id", pa.int64(), "city it is about; null where it is about none"),
        ),
        ("fact_id",),
    ),
    Table(
        "fact_prompts",
        "corpus",
        "Beginnings of sentences which a fact's object ends, in several wordings.",
        (FACT, PARAPHRASE, Column("text", pa.string(), "ends right before the object")),
        ("fact_id", "paraphrase"),
    ),
    Table(
        "fact_answers",
        "model",
        "What the model answers to each prompt: the object's first distinguishing token.",
        (
            FACT,
            PARAPHRASE,
            Column("given", pa.string(), "beginning of the object that the prompt was given"),
            Column("position", pa.int16(), "the answer position: the last token's index"),
            Column("answer_token_id", pa.int32(), "id in the model's vocabulary"),
            Column("answer_token", pa.string(), "text of that token"),
            Column("probability", pa.float32(), "of the answer as next token"),
            Column("rank", pa.int32(), "of the answer, from 1; 1 is a fact the model knows"),
            Column("top", pa.list_(pa.string()), "the five likeliest next tokens"),
            Column("top_probabilities", pa.list_(pa.float32()), "their probabilities"),
        ),
        ("fact_id", "paraphrase"),
    ),
    Table(
        "attributions",
        "model",
        "Neurons that an answer is attributed to, at the answer position: scores over the floor.",
        (FACT, PARAPHRASE, LAYER, NEURON, _SCORE),
        ("fact_id", "paraphrase", "layer", "neuron"),
    ),
    Table(
        "attribution_error",
        "model",
        "Completeness: a layer's attributions sum to P(actual) - P(layer zeroed), or nearly so.",
        (
            FACT,
            PARAPHRASE,
            LAYER,
            Column("total", pa.float64(), "sum of the scores of all the layer's neurons"),
            Column("difference", pa.float64(), "P(actual) - P(layer zeroed at the position)"),
            Column("gap", pa.float64(), "|total - difference| / |difference|; null where that's 0"),
        ),
        ("fact_id", "paraphrase", "layer"),
    ),
    Table(
        "knowledge_neurons",
        "model",
        "A fact's neurons: those which its wordings share.",
        (
            FACT,
            LAYER,
            NEURON,
            Column("share", pa.float32(), "of the fact's wordings in whose coarse set it is"),
            Column("score", pa.float32(), "mean attribution over the fact's wordings"),
        ),
        ("fact_id", "layer", "neuron"),
    ),
    Table(
        "interventions",
        "model",
        "An answer before and after neurons were changed at the answer position.",
        (
            Column("fact_id", pa.int32(), "fact whose neurons were changed"),
            PARAPHRASE,
            _KIND,
            _CONTROL,
            Column("factor", pa.float32(), "what the activations were multiplied by"),
            Column("n_neurons", pa.int32(), "neurons changed"),
            Column("prompt_fact_id", pa.int32(), "fact asked for: another one where unrelated"),
            Column("probability_before", pa.float32(), "of the asked fact's answer"),
            Column("probability_after", pa.float32(), "of the asked fact's answer"),
            Column("rank_before", pa.int32(), "from 1"),
            Column("rank_after", pa.int32(), "from 1"),
            Column("top_before", pa.list_(pa.string()), "the five likeliest next tokens"),
            Column("top_after", pa.list_(pa.string()), "the five likeliest next tokens"),
        ),
        ("fact_id", "paraphrase", "kind", "control"),
    ),
    Table(
        "intervention_effects",
        "model",
        "Effect of changing neurons by relation: mean change of P(answer) over mean P(answer).",
        (
            Column("relation", pa.string(), "name of the relation"),
            _KIND,
            _CONTROL,
            Column("factor", pa.float32(), "what the activations were multiplied by"),
            Column("n_facts", pa.int32(), "facts whose neurons were changed"),
            Column("mean_neurons", pa.float64(), "neurons changed, mean over facts"),
            Column("mean_before", pa.float64(), "mean probability before"),
            Column("mean_after", pa.float64(), "mean probability after"),
            Column("ratio", pa.float64(), "mean change over mean probability before"),
            Column("low", pa.float64(), "2.5th percentile of the ratio, facts resampled"),
            Column("high", pa.float64(), "97.5th percentile of the ratio, facts resampled"),
        ),
        ("relation", "kind", "control"),
    ),
    Table(
        "neuron_concepts",
        "model",
        "What a neuron's peaks mark: values of the cities' metadata, false-discovery controlled.",
        (
            LAYER,
            NEURON,
            Column("attribute", pa.string(), "country, continent, capital or population"),
            Column("value", pa.string(), "value of the attribute"),
            Column("n", pa.int32(), "prompts with that value"),
            Column("precision", pa.float32(), "share of the prompts where it fired with the value"),
            Column("recall", pa.float32(), "share of the prompts with the value where it fired"),
            Column("lift", pa.float32(), "precision over the value's share of all prompts"),
            Column("auroc", pa.float32(), "of |peak|, 0 where it didn't fire, for the value"),
            Column("q_value", pa.float64(), "exact test of firing, Benjamini-Hochberg over all"),
        ),
        ("layer", "neuron", "attribute", "value"),
    ),
)
