CREATE OR REPLACE VIEW circuit_interventions AS
SELECT
    t.model, t.fact_id, t.prompt, t.kind, t.condition, t.factor, t.n_neurons, t.draw, t.prompt_fact_id,
    t.probability_before, t.probability_after, t.rank_before, t.rank_after, t.top_before,
    t.top_after, t.fact_set
FROM lake.circuit_interventions AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
