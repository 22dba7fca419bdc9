CREATE OR REPLACE VIEW knowledge_neurons AS
SELECT
    t.model, t.fact_id, t.layer, t.neuron, t.share, t.score
FROM lake.knowledge_neurons AS t;
