CREATE OR REPLACE VIEW unit_attributions AS
SELECT
    t.model, t.fact_id, t.prompt, t.contrast, t.method, t.kind, t.layer, t.unit, t.position, t.token,
    t.role, t.score, t.fact_set
FROM lake.unit_attributions AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
