-- Knowledge neurons: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_knowledge_neuron AS
SELECT
    s.model, s.fact_id, s.layer, s.neuron, s.share, s.score, s.fact_set,
    false AS on_demand
FROM knowledge_neurons AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.layer, t.neuron, t.share, t.score, t.fact_set,
    true AS on_demand
FROM asked_neurons AS t
ANTI JOIN attribution_error AS s ON s.model = t.model AND s.fact_id = t.fact_id;
