CREATE OR REPLACE VIEW asked_attributions AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.neuron, t.score, t.fact_set, t.run
FROM lake.asked_attributions AS t
SEMI JOIN asked_facts AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
