CREATE OR REPLACE VIEW attributions AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.neuron, t.score, t.fact_set
FROM lake.attributions AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
