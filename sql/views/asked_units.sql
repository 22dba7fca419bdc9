CREATE OR REPLACE VIEW asked_units AS
SELECT
    t.model, t.fact_id, t.kind, t.layer, t.unit, t.position, t.token, t.role, t.estimate, t.effect,
    t.rank, t.run
FROM lake.asked_units AS t
SEMI JOIN asked_circuits AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
