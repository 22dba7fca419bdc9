-- When a neuron fires, by rule: for its positive activations (sign 1) and its negative ones (-1) the
-- rules that hold on prompts they weren't chosen on, best first, with precision and recall there.
CREATE OR REPLACE MACRO neuron_rules(model, layer, neuron) AS TABLE
SELECT
    d.sign, d.rank, d.kind, d.rule, d.terms, d.precision, d.precision_low, d.precision_high,
    d.recall, d.recall_low, d.recall_high, d.base_rate, d.n, d.n_fired, d.n_both, d.n_held_out,
    d.q_value
FROM lake.neuron_descriptions_of(model) AS d
WHERE d.layer = layer AND d.neuron = neuron
ORDER BY d.sign DESC, d.rank;
