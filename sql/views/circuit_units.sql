CREATE OR REPLACE VIEW circuit_units AS
SELECT
    t.model, t.fact_id, t.circuit, t.rank, t.kind, t.layer, t.unit, t.role,
    t.subject_offset, t.score, t.effect, t.effect_subject, t.effect_answer,
    t.effect_relation, t.effect_frame, t.carries, t.fact_set
FROM lake.circuit_units AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
