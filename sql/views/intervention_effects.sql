CREATE OR REPLACE VIEW intervention_effects AS
SELECT
    t.model, t.relation, t.kind, t.condition, t.factor, t.n_facts, t.mean_neurons,
    t.mean_before, t.mean_after, t.relative_change, t.ci_low, t.ci_high, t.fact_set
FROM lake.intervention_effects AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
