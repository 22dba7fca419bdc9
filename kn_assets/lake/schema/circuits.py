"""The tables about circuits: contrasts, attributions at every token, units, and what they buy."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.columns import FACT, FACT_PROMPT, FACT_SET, LAYER, TOKEN
from kn_assets.lake.schema.table import Column, Table

_KIND = Column(
    "kind", pa.string(), "neuron, head; of a layer at a token: mlp, attention; embedding"
)
_UNIT = Column("unit", pa.int32(), "the neuron's or head's number, from 0; -1 for a whole cell")
_CONTRAST = Column("contrast", pa.int16(), "number of the prompt's contrast, from 0")
_CIRCUIT = Column(
    "circuit",
    pa.string(),
    "all: those that carry the answer; specific: those of them that don't carry the same "
    "subject's other facts",
)
_ASKED = Column("prompt_fact_id", pa.int32(), "fact asked for: this one, or another of its subject")

TABLES = (
    Table(
        "contrasts",
        "model",
        "Prompts of other subjects, same wording and number of tokens, that a fact's prompt is "
        "compared with.",
        (
            FACT,
            _ASKED,
            FACT_PROMPT,
            _CONTRAST,
            Column(
                "purpose",
                pa.string(),
                "choose: units are chosen on it; measure: only measured on it",
            ),
            Column(
                "contrast_kind", pa.string(), "pair, or mean: the mean values of n_prompts prompts"
            ),
            Column("contrast_fact_id", pa.int32(), "fact of the other prompt; null for a mean"),
            Column("n_prompts", pa.int16(), "prompts that it is of"),
            Column("answer_token_id", pa.int32(), "the answer, id in the model's vocabulary"),
            Column("against_token_id", pa.int32(), "the contrast's answer"),
            Column(
                "difference", pa.float32(), "logit(answer) - logit(against) after the fact's prompt"
            ),
            FACT_SET,
        ),
        ("fact_id", "prompt_fact_id", "prompt", "purpose", "contrast"),
    ),
    Table(
        "unit_attributions",
        "model",
        "How much of the logit difference single units at single tokens carry: by an estimate, and "
        "by patching each alone.",
        (
            FACT,
            FACT_PROMPT,
            Column("contrast", pa.int16(), "number of the prompt's contrast; -1: mean over them"),
            Column(
                "method",
                pa.string(),
                "integrated, relevance, gradient, logprob or last_token: estimates; "
                "patching: measured",
            ),
            _KIND,
            LAYER,
            _UNIT,
            Column("position", pa.int16(), "token index in the prompt, from 0"),
            TOKEN,
            Column("role", pa.string(), "before, subject, subject last, relation or last"),
            Column(
                "score",
                pa.float32(),
                "logits, of logprob nats, of last_token probability; positive where it carries "
                "the answer",
            ),
            FACT_SET,
        ),
        ("fact_id", "prompt", "contrast", "method", "kind", "layer", "unit", "position"),
    ),
    Table(
        "circuit_units",
        "model",
        "A fact's circuits: the units that carry most of its answer, by place.",
        (
            FACT,
            _CIRCUIT,
            Column("rank", pa.int32(), "from 1, the largest score"),
            _KIND,
            LAYER,
            _UNIT,
            Column("role", pa.string(), "subject, subject last or last"),
            Column("subject_offset", pa.int16(), "tokens up to the subject's end, from 0"),
            Column(
                "score",
                pa.float32(),
                "median estimate over contrasts: logits, or a share of the "
                "logit difference in the specific circuit",
            ),
            Column(
                "effect",
                pa.float32(),
                "share of the logit difference lost by it alone, patched "
                "in a wording and with contrasts not used to choose; null where not measured",
            ),
            Column(
                "effect_subject",
                pa.float32(),
                "the same share, largest in size over the same subject's other facts",
            ),
            Column(
                "effect_answer",
                pa.float32(),
                "the same, mean over other facts with the same answer",
            ),
            Column(
                "effect_relation",
                pa.float32(),
                "the same, mean over other facts of the relation with other answers",
            ),
            Column(
                "effect_frame",
                pa.float32(),
                "change of the same logit difference where a "
                "sentence about the subject doesn't ask for it, as a share of the prompt's",
            ),
            Column(
                "carries",
                pa.string(),
                "subject, answer, relation, grammar, fact or little, by those effects",
            ),
            FACT_SET,
        ),
        ("fact_id", "circuit", "rank"),
    ),
    Table(
        "circuit_curves",
        "model",
        "What units of a circuit buy, by number: share of the logit difference lost and kept, "
        "in wordings and with contrasts not used to choose them.",
        (
            FACT,
            Column(
                "condition",
                pa.string(),
                "circuit, specific; controls: random, activation_matched, largest_change, "
                "other_fact",
            ),
            _ASKED,
            FACT_PROMPT,
            _CONTRAST,
            Column("measure", pa.string(), "lost or kept"),
            Column("n_units", pa.int32(), "units changed (lost) or left alone (kept)"),
            Column("difference_before", pa.float32(), "logit difference of the prompt"),
            Column("difference_after", pa.float32(), "logit difference with the change"),
            Column(
                "share",
                pa.float32(),
                "share lost or kept; null where the prompt has no logit difference",
            ),
            FACT_SET,
        ),
        ("fact_id", "condition", "prompt_fact_id", "prompt", "contrast", "measure", "n_units"),
    ),
)
