CREATE OR REPLACE VIEW attribution_error AS
SELECT
    t.model, t.fact_id, t.paraphrase, t.layer, t.total, t.difference, t.gap
FROM lake.attribution_error AS t;
