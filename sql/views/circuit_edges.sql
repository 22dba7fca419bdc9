CREATE OR REPLACE VIEW circuit_edges AS
SELECT
    t.model, t.fact_id, t.prompt, t.rank, t.earlier_kind, t.earlier_layer, t.earlier_unit,
    t.earlier_position, t.later_kind, t.later_layer, t.later_unit, t.later_position, t.score,
    t.effect, t.fact_set
FROM lake.circuit_edges AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
