CREATE OR REPLACE VIEW circuit_curves AS
SELECT
    t.model, t.fact_id, t.condition, t.prompt_fact_id, t.prompt, t.contrast, t.measure,
    t.n_units, t.difference_before, t.difference_after, t.share, t.fact_set
FROM lake.circuit_curves AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
