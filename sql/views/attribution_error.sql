CREATE OR REPLACE VIEW attribution_error AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.attribution_sum, t.probability_drop,
    t.relative_error, t.fact_set
FROM lake.attribution_error AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
