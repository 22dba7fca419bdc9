-- Interventions: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_intervention AS
SELECT
    s.model, s.fact_id, s.prompt, s.kind, s.condition, s.factor, s.n_neurons, s.draw,
    s.prompt_fact_id, s.probability_before, s.probability_after, s.rank_before, s.rank_after,
    s.top_before, s.top_after, s.fact_set,
    false AS on_demand
FROM interventions AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.prompt, t.kind, t.condition, t.factor, t.n_neurons, t.draw,
    t.prompt_fact_id, t.probability_before, t.probability_after, t.rank_before, t.rank_after,
    t.top_before, t.top_after, t.fact_set,
    true AS on_demand
FROM asked_interventions AS t
ANTI JOIN attribution_error AS s ON s.model = t.model AND s.fact_id = t.fact_id;
