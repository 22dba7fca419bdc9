CREATE OR REPLACE VIEW asked_interventions AS
SELECT
    t.model, t.fact_id, t.prompt, t.kind, t.condition, t.factor, t.n_neurons, t.draw,
    t.prompt_fact_id, t.probability_before, t.probability_after, t.rank_before, t.rank_after,
    t.top_before, t.top_after, t.fact_set, t.run
FROM lake.asked_interventions AS t
SEMI JOIN asked_facts AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
