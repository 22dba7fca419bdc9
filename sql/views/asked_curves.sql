CREATE OR REPLACE VIEW asked_curves AS
SELECT
    t.model, t.fact_id, t.condition, t.measure, t.n_units, t.share, t.run
FROM lake.asked_curves AS t
SEMI JOIN asked_circuits AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
