-- Attributions: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_attribution AS
SELECT
    s.model, s.fact_id, s.prompt, s.layer, s.neuron, s.score, s.fact_set,
    false AS on_demand
FROM attributions AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.neuron, t.score, t.fact_set,
    true AS on_demand
FROM asked_attributions AS t
ANTI JOIN attribution_error AS s ON s.model = t.model AND s.fact_id = t.fact_id;
