CREATE OR REPLACE VIEW attributions AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.neuron, t.score
FROM lake.attributions AS t;
