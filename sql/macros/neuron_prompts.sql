-- The k prompts that fire a neuron most, strongest first by |peak|: tokens and activations are
-- lists in the order of positions, an activation is null where the neuron did not fire. The peak
-- leaves out position 0, the lists don't.
CREATE OR REPLACE MACRO neuron_prompts(model, layer, neuron, k) AS TABLE
WITH
chosen AS (
    FROM neuron_ranks(model, layer, neuron) AS r WHERE r.rank <= k
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
