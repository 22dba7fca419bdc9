-- Completeness of attributions: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_attribution_error AS
SELECT
    s.model, s.fact_id, s.prompt, s.layer, s.attribution_sum, s.probability_drop,
    s.relative_error, s.fact_set,
    false AS on_demand
FROM attribution_error AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.attribution_sum, t.probability_drop,
    t.relative_error, t.fact_set,
    true AS on_demand
FROM asked_attribution_error AS t
ANTI JOIN attribution_error AS s ON s.model = t.model AND s.fact_id = t.fact_id;
