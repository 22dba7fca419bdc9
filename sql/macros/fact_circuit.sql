-- The circuit of a fact: its units by place, the strongest first, and what each carries by measured
-- effects. circuit: 'all', or 'specific' for those that don't carry the subject's other facts.
CREATE OR REPLACE MACRO fact_circuit(model, fact, circuit := 'all') AS TABLE
SELECT
    t.rank, t.kind, t.layer, t.unit, t.role, t.subject_offset, t.score, t.effect, t.effect_subject,
    t.effect_answer, t.effect_relation, t.effect_frame, t.carries
FROM circuit_units AS t
WHERE t.model = model AND t.fact_id = fact AND t.circuit = circuit
ORDER BY t.rank;
