-- Edges of a fact's circuit, the strongest first: what an earlier unit gives to a later one, or to the
-- answer, directly; as estimated and, of the strongest, as measured by path patching; in logits.
CREATE OR REPLACE MACRO fact_edges(model, fact) AS TABLE
SELECT
    t.rank, t.earlier_kind, t.earlier_layer, t.earlier_unit, t.earlier_position, t.later_kind,
    t.later_layer, t.later_unit, t.later_position, t.score, t.effect
FROM circuit_edges AS t
WHERE t.model = model AND t.fact_id = fact
ORDER BY t.rank;
