-- k prompts drawn from those that fire a neuron less than its k strongest do, since the strongest
-- alone mislead: the rows are as in neuron_prompts, rank counts from the strongest of all. The same
-- seed draws the same prompts.
CREATE OR REPLACE MACRO neuron_sample(model, layer, neuron, k, seed := 0) AS TABLE
WITH
chosen AS (
    FROM neuron_ranks(model, layer, neuron) AS r
    WHERE r.rank > k
    ORDER BY hash(r.prompt_id, seed), r.prompt_id
    LIMIT k
)
SELECT
    r.rank, r.prompt_id, any_value(c.name) AS name, any_value(c.country) AS country,
    any_value(r.peak_position) AS peak_position, any_value(r.peak) AS peak,
    list(t.token ORDER BY t.position) AS tokens,
    list(a.activation ORDER BY t.position) AS activations
FROM chosen AS r
JOIN lake.tokens_of(model) AS t ON t.prompt_id = r.prompt_id
LEFT JOIN (
    FROM lake.activations_by_neuron_of(model, layer) AS b
    WHERE b.neuron = neuron
) AS a ON a.prompt_id = t.prompt_id AND a.position = t.position
LEFT JOIN atlas_cities(model) AS c ON c.prompt_id = r.prompt_id
GROUP BY r.rank, r.prompt_id
ORDER BY r.rank;
