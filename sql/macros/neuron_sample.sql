-- k prompts drawn from those that fire a neuron less than its k strongest do, since the strongest
-- alone mislead: the rows are as in neuron_prompts, rank counts from the strongest of all. The same
-- seed draws the same prompts.
CREATE OR REPLACE MACRO neuron_sample(model, layer, neuron, k, seed := 0) AS TABLE
SELECT
    e.rank, e.prompt_id, e.name, e.country, e.peak_position, e.peak, e.tokens, e.activations
FROM neuron_examples(model, layer, neuron, k, k, seed) AS e
WHERE e.drawn
ORDER BY e.rank;
