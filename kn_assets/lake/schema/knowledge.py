"""The tables about facts: prompts, answers, attributions, interventions."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import FACT, FACT_PROMPT, FACT_SET, LAYER, NEURON
from kn_assets.lake.schema.table import Column, Table

_SCORE = Column("score", pa.float32(), "share of the answer's probability (Dai et al. 2021)")
KIND = Column("kind", pa.string(), "suppress: activations times 0; amplify: times the factor")
CONDITION = Column(
    "condition",
    pa.string(),
    "knowledge_neurons; controls: random, activation_matched, other_fact, same_subject; "
    "final_checkpoint: the fact's knowledge neurons at the last checkpoint",
)
TABLES = (
    Table(
        "facts",
        "corpus",
        "Facts that a model is asked for: subject, relation, object.",
        (
            FACT,
            Column("relation", pa.string(), "name of the relation, e.g. city-country"),
            Column("subject", pa.string(), "what the fact is about"),
            Column("object", pa.string(), "the answer"),
            Column("city_id", pa.int64(), "city of the fact; null where it has none"),
            FACT_SET,
        ),
        ("fact_id",),
    ),
    Table(
        "fact_prompts",
        "corpus",
        "The prompts of each fact: beginnings of sentences that its object completes.",
        (FACT, FACT_PROMPT, Column("text", pa.string(), "ends right before the object"), FACT_SET),
        ("fact_id", "prompt"),
    ),
    Table(
        "fact_answers",
        "model",
        "The model's answer to each prompt asked, known or not: the whole object, and its first "
        "distinguishing token.",
        (
            FACT,
            FACT_PROMPT,
            Column(
                "answer_prefix",
                pa.string(),
                "object's tokens before the answer",
            ),
            Column("position", pa.int16(), "the answer position: the last token's index"),
            Column("answer_token_id", pa.int32(), "id in the model's vocabulary"),
            Column("answer_token", pa.string(), "text of that token"),
            Column("probability", pa.float32(), "of that token as next token"),
            Column("rank", pa.int32(), "of that token, from 1; the worst of a tie"),
            Column("top", pa.list_(pa.string()), "the five most likely next tokens"),
            Column("top_probabilities", pa.list_(pa.float32()), "their probabilities"),
            Column("answer_tokens", pa.int16(), "tokens of the whole object"),
            Column(
                "logprob",
                pa.float32(),
                "log-probability of the whole object, nats: summed over its tokens, each after "
                "the prompt and the tokens before it",
            ),
            Column(
                "greedy",
                pa.bool_(),
                "greedy decoding says the whole object: each token is likelier than every other",
            ),
            FACT_SET,
        ),
        ("fact_id", "prompt"),
    ),
    Table(
        "attributions",
        "model",
        "Attributions of an answer to neurons at the answer position: scores over the floor.",
        (FACT, FACT_PROMPT, LAYER, NEURON, _SCORE, FACT_SET),
        ("fact_id", "prompt", "layer", "neuron"),
    ),
    Table(
        "attribution_error",
        "model",
        "Completeness: how nearly a layer's attributions sum to P(actual) - P(layer zeroed).",
        (
            FACT,
            FACT_PROMPT,
            LAYER,
            Column("attribution_sum", pa.float64(), "sum of the scores of all the layer's neurons"),
            Column("probability_drop", pa.float64(), "P(actual) - P(layer zeroed at the position)"),
            Column(
                "relative_error",
                pa.float64(),
                "|attribution_sum - probability_drop| / |probability_drop|; null where that is 0",
            ),
            FACT_SET,
        ),
        ("fact_id", "prompt", "layer"),
    ),
    Table(
        "knowledge_neurons",
        "model",
        "A fact's knowledge neurons: those that its prompts share.",
        (
            FACT,
            LAYER,
            NEURON,
            Column(
                "share",
                pa.float32(),
                "share of the fact's prompts with it in their coarse set",
            ),
            Column("score", pa.float32(), "mean attribution over the fact's prompts"),
            FACT_SET,
        ),
        ("fact_id", "layer", "neuron"),
    ),
    Table(
        "interventions",
        "model",
        "Each answer before and after an intervention at the answer position.",
        (
            Column("fact_id", pa.int32(), "fact whose neurons were changed"),
            FACT_PROMPT,
            KIND,
            CONDITION,
            Column("factor", pa.float32(), "what the activations were multiplied by"),
            Column("n_neurons", pa.int32(), "neurons changed"),
            Column("draw", pa.int16(), "set of neurons, or other fact, of a control, from 0"),
            Column(
                "prompt_fact_id",
                pa.int32(),
                "fact asked for; another one where other_fact or same_subject",
            ),
            Column("probability_before", pa.float32(), "of the asked fact's answer"),
            Column("probability_after", pa.float32(), "of the asked fact's answer"),
            Column("rank_before", pa.int32(), "from 1; the worst of a tie"),
            Column("rank_after", pa.int32(), "from 1; the worst of a tie"),
            Column("top_before", pa.list_(pa.string()), "the five most likely next tokens"),
            Column("top_after", pa.list_(pa.string()), "the five most likely next tokens"),
            FACT_SET,
        ),
        ("fact_id", "prompt", "kind", "condition", "draw"),
    ),
    Table(
        "intervention_effects",
        "model",
        "Effect of interventions by relation: mean change of P(answer) over mean P(answer).",
        (
            Column("relation", pa.string(), "name of the relation"),
            KIND,
            CONDITION,
            Column("factor", pa.float32(), "what the activations were multiplied by"),
            Column("n_facts", pa.int32(), "facts whose neurons were changed"),
            Column("mean_neurons", pa.float64(), "neurons changed, mean over facts"),
            Column("mean_before", pa.float64(), "mean probability before"),
            Column("mean_after", pa.float64(), "mean probability after"),
            Column("relative_change", pa.float64(), "mean change over mean probability before"),
            Column("ci_low", pa.float64(), "2.5th percentile of relative_change, facts resampled"),
            Column("ci_high", pa.float64(), "97.5th percentile of the same"),
            FACT_SET,
        ),
        ("relation", "kind", "condition"),
    ),
    Table(
        "neuron_concepts",
        "model",
        "Concepts that a neuron's peaks mark: values of the cities' metadata, FDR-controlled.",
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
            Column("n_fired", pa.int32(), "prompts where it fired"),
            Column("n_both", pa.int32(), "prompts with that value where it fired"),
            Column("auroc_low", pa.float32(), "lower end of a 95 % interval of auroc"),
        ),
        ("layer", "neuron", "attribute", "value"),
    ),
)
