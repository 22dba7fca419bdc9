-- The concepts of a neuron: values that its peaks mark, as in concept_neurons, those first that they
-- mark most surely.
CREATE OR REPLACE MACRO neuron_marks(model, layer, neuron) AS TABLE
SELECT
    c.attribute, c.value, c.n, c.precision, c.recall, c.lift, c.auroc, c.auroc_low, c.q_value,
    c.n_fired, c.n_both
FROM lake.neuron_concepts_of(model) AS c
WHERE c.layer = layer AND c.neuron = neuron
ORDER BY c.auroc_low DESC, c.q_value, c.attribute, c.value;
