CREATE OR REPLACE VIEW circuit_fact_effects AS
SELECT
    t.model, t.fact_id, t.kind, t.condition, t.n_neurons, t.n_prompts, t.n_sets, t.log_odds,
    t.ci_low, t.ci_high, t.difference, t.difference_low, t.difference_high, t.fact_set
FROM lake.circuit_fact_effects AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
