CREATE OR REPLACE VIEW circuit_heads AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.head, t.position, t.source_position,
    t.source_token, t.weight, t.direct, t.relevance, t.fact_set
FROM lake.circuit_heads AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
