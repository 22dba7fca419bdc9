-- Effects of interventions on facts: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_effect AS
SELECT
    s.model, s.fact_id, s.kind, s.condition, s.n_neurons, s.n_prompts, s.n_sets, s.log_odds,
    s.ci_low, s.ci_high, s.difference, s.difference_low, s.difference_high, s.fact_set,
    false AS on_demand
FROM fact_effects AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.kind, t.condition, t.n_neurons, t.n_prompts, t.n_sets, t.log_odds,
    t.ci_low, t.ci_high, t.difference, t.difference_low, t.difference_high, t.fact_set,
    true AS on_demand
FROM asked_effects AS t
ANTI JOIN attribution_error AS s ON s.model = t.model AND s.fact_id = t.fact_id;
