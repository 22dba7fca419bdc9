-- A random sample of k prompts of a neuron below its k top activating ones, since the top alone
-- mislead. Rows as in neuron_prompts; rank counts from the strongest of all. The same seed gives
-- the same sample.
CREATE OR REPLACE MACRO neuron_sample(model, layer, neuron, k, seed := 0) AS TABLE
SELECT
    e.rank, e.prompt_id, e.name, e.country, e.peak_position, e.peak, e.tokens, e.activations
FROM neuron_examples(model, layer, neuron, k, k, seed) AS e
WHERE e.sampled
ORDER BY e.rank;
