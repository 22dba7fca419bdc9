-- Prompts that fire a neuron: the n_top strongest by |peak|, and n_sample drawn from the rest, since
-- the strongest alone mislead. The rows are as in neuron_prompts, rank counts from the strongest of
-- all; drawn says which are of the sample. The same seed draws the same prompts.
CREATE OR REPLACE MACRO neuron_examples(model, layer, neuron, n_top, n_sample, seed := 0) AS TABLE
WITH
ranked AS (FROM neuron_ranks(model, layer, neuron)),
chosen AS MATERIALIZED (
    SELECT r.*, false AS drawn FROM ranked AS r WHERE r.rank <= n_top
    UNION ALL
    FROM (
        SELECT r.*, true AS drawn
        FROM ranked AS r
        WHERE r.rank > n_top
        ORDER BY hash(r.prompt_id, seed), r.prompt_id
        LIMIT n_sample
    )
),
told AS MATERIALIZED (
    SELECT r.*, w.words
    FROM chosen AS r
    JOIN prompt_words AS w ON w.prompt_id = r.prompt_id
    WHERE w.model = model
),
fired AS (
    SELECT b.prompt_id, map(list(b.position), list(b.activation)) AS activations
    FROM lake.activations_by_neuron_of(model, layer) AS b
    WHERE b.neuron = neuron AND b.prompt_id IN (SELECT prompt_id FROM chosen)
    GROUP BY b.prompt_id
)
SELECT
    r.drawn, r.rank, r.prompt_id, c.name, c.country, r.peak_position, r.peak,
    from_json(r.words, '["VARCHAR"]') AS tokens,
    list_transform(range(len(tokens)), lambda i: f.activations[i::SMALLINT]) AS activations
FROM told AS r
LEFT JOIN fired AS f ON f.prompt_id = r.prompt_id
LEFT JOIN atlas_cities(model) AS c ON c.prompt_id = r.prompt_id
ORDER BY r.rank;
