CREATE OR REPLACE VIEW fact_steps AS
SELECT
    t.model, t.step, t.fact_id, t.prompt, t.trained, t.probability, t.rank,
    t.saturation_layer
FROM lake.fact_steps AS t;
