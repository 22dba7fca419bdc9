CREATE OR REPLACE VIEW attribution_error AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.attribution_sum, t.probability_drop,
    t.relative_error
FROM lake.attribution_error AS t;
