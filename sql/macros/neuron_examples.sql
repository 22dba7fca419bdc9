-- Prompts that fire a neuron: the n_top strongest by |peak|, and n_sample drawn from the rest, since
-- the strongest alone mislead. The rows are as in neuron_prompts, rank counts from the strongest of
-- all; drawn says which are of the sample. The same seed draws the same prompts.
CREATE OR REPLACE MACRO neuron_examples(model, layer, neuron, n_top, n_sample, seed := 0) AS TABLE
WITH
fired AS MATERIALIZED (
    SELECT f.prompt_id, f.position, f.activation
    FROM lake.activations_by_neuron_of(model, layer) AS f
    WHERE f.neuron = neuron
),
ranked AS MATERIALIZED (
    SELECT
        f.prompt_id,
        row_number() OVER (ORDER BY max(abs(f.activation)) DESC, f.prompt_id) AS rank
    FROM fired AS f
    WHERE f.position > 0
    GROUP BY f.prompt_id
),
chosen AS (
    FROM (
        SELECT r.prompt_id, r.rank, false AS drawn FROM ranked AS r ORDER BY r.rank LIMIT n_top
    )
    UNION ALL
    FROM (
        SELECT r.prompt_id, r.rank, true AS drawn
        FROM ranked AS r
        WHERE r.rank > n_top
        ORDER BY hash(r.prompt_id, seed), r.prompt_id
        LIMIT n_sample
    )
),
listed AS (
    SELECT
        f.prompt_id,
        any_value(r.rank) AS rank,
        any_value(r.drawn) AS drawn,
        arg_max(
            {position: f.position, activation: f.activation},
            CASE WHEN f.position > 0 THEN {size: abs(f.activation), earlier: -f.position} END
        ) AS peak,
        map(list(f.position), list(f.activation)) AS activations
    FROM fired AS f
    JOIN chosen AS r ON r.prompt_id = f.prompt_id
    GROUP BY f.prompt_id
)
SELECT
    f.drawn, f.rank, f.prompt_id, w.name, w.country, f.peak.position AS peak_position,
    f.peak.activation AS peak,
    from_json(w.words, '["VARCHAR"]') AS tokens,
    list_transform(range(len(tokens)), lambda i: f.activations[i::SMALLINT]) AS activations
FROM listed AS f
JOIN shown_prompts AS w ON w.prompt_id = f.prompt_id
WHERE w.model = model
ORDER BY f.rank;
