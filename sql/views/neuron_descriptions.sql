CREATE OR REPLACE VIEW neuron_descriptions AS
SELECT
    t.model, t.layer, t.neuron, t.sign, t.rank, t.kind, t.rule, t.searched, t.terms,
    t.precision, t.precision_low, t.precision_high, t.recall, t.recall_low, t.recall_high, t.base_rate,
    t.n_chosen, t.n, t.n_fired, t.n_both, t.n_held_out, t.q_value, t.phi
FROM lake.neuron_descriptions AS t;
