-- The k top activating prompts of a neuron, strongest first by |peak|: tokens and activations are
-- lists in the order of positions, an activation is null where the neuron did not fire. The peak
-- leaves out attention sinks, the lists don't.
CREATE OR REPLACE MACRO neuron_prompts(model, layer, neuron, k) AS TABLE
SELECT
    e.rank, e.prompt_id, e.name, e.country, e.peak_position, e.peak, e.tokens, e.activations
FROM neuron_examples(model, layer, neuron, k, 0) AS e
ORDER BY e.rank;
