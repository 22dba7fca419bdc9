CREATE OR REPLACE VIEW knowledge_neurons AS
SELECT
    t.model, t.fact_id, t.layer, t.neuron, t.share, t.score, t.fact_set
FROM lake.knowledge_neurons AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
