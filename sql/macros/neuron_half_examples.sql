-- Prompts of one half of a neuron, its positive activations (sign 1) or its negative ones (-1): as
-- neuron_examples, by the half's own peak in each prompt. The lists of activations hold both halves.
CREATE OR REPLACE MACRO neuron_half_examples(model, layer, neuron, sign, n_top, n_sample, seed := 0) AS TABLE
WITH
ranked AS MATERIALIZED (
    SELECT
        f.prompt_id, arg_max(f.position, abs(f.activation)) AS peak_position,
        arg_max(f.activation, abs(f.activation)) AS peak,
        row_number() OVER (ORDER BY max(abs(f.activation)) DESC, f.prompt_id) AS rank
    FROM neuron_firings(model, layer, neuron) AS f
    WHERE f.sign = sign
    GROUP BY f.prompt_id
),
chosen AS (
    FROM (
        SELECT r.*, false AS sampled FROM ranked AS r ORDER BY r.rank LIMIT n_top
    )
    UNION ALL
    FROM (
        SELECT r.*, true AS sampled
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
        any_value(r.sampled) AS sampled,
        any_value(r.peak_position) AS peak_position,
        any_value(r.peak) AS peak,
        map(list(f.position), list(f.activation)) AS activations
    FROM lake.activations_by_neuron_of(model, layer) AS f
    JOIN chosen AS r ON r.prompt_id = f.prompt_id
    WHERE f.neuron = neuron
    GROUP BY f.prompt_id
)
SELECT
    f.sampled, f.rank, f.prompt_id, w.name, w.country, f.peak_position, f.peak,
    from_json(w.tokens, '["VARCHAR"]') AS tokens,
    list_transform(range(json_array_length(w.tokens)::BIGINT), lambda i: f.activations[i::SMALLINT]) AS activations
FROM listed AS f
JOIN labelled_prompts AS w ON w.prompt_id = f.prompt_id
WHERE w.model = model
ORDER BY f.rank;
