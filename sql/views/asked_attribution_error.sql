CREATE OR REPLACE VIEW asked_attribution_error AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.attribution_sum, t.probability_drop,
    t.relative_error, t.fact_set, t.run
FROM lake.asked_attribution_error AS t
SEMI JOIN asked_facts AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
