CREATE OR REPLACE VIEW attributions AS
SELECT
    t.model, t.fact_id, t.paraphrase, t.layer, t.neuron, t.score
FROM lake.attributions AS t;
