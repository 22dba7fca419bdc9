CREATE OR REPLACE VIEW intervention_effects AS
SELECT
    t.model, t.relation, t.kind, t.control, t.factor, t.n_facts, t.mean_neurons,
    t.mean_before, t.mean_after, t.ratio, t.low, t.high
FROM lake.intervention_effects AS t;
