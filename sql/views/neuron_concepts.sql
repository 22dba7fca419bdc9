CREATE OR REPLACE VIEW neuron_concepts AS
SELECT
    t.model, t.layer, t.neuron, t.attribute, t.value, t.n, t.precision, t.recall,
    t.lift, t.auroc, t.q_value, t.n_fired, t.n_both, t.auroc_low
FROM lake.neuron_concepts AS t;
