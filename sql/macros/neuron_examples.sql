-- Prompts of a neuron: the n_top top activating ones by |peak|, and a random sample of n_sample
-- from the rest, since the top alone mislead. Rows as in neuron_prompts; rank counts from the
-- strongest of all, sampled marks those of the sample. The same seed gives the same sample.
CREATE OR REPLACE MACRO neuron_examples(model, layer, neuron, n_top, n_sample, seed := 0) AS TABLE
WITH
fired AS MATERIALIZED (
    SELECT f.prompt_id, f.position, f.activation
    FROM lake.activations_by_neuron_of(model, layer) AS f
    WHERE f.neuron = neuron
),
ranked AS MATERIALIZED (
    SELECT
        p.prompt_id, p.position AS peak_position, p.activation AS peak,
        row_number() OVER (ORDER BY abs(p.activation) DESC, p.prompt_id) AS rank
    FROM lake.neuron_peaks_of(model, layer) AS p
    WHERE p.neuron = neuron
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
    FROM fired AS f
    JOIN chosen AS r ON r.prompt_id = f.prompt_id
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
