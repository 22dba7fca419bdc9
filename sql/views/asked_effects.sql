CREATE OR REPLACE VIEW asked_effects AS
SELECT
    t.model, t.fact_id, t.kind, t.condition, t.n_neurons, t.n_prompts, t.n_sets, t.log_odds,
    t.ci_low, t.ci_high, t.difference, t.difference_low, t.difference_high, t.fact_set, t.run
FROM lake.asked_effects AS t
SEMI JOIN asked_facts AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
