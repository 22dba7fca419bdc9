CREATE OR REPLACE VIEW fact_steps AS
SELECT
    t.model, t.step, t.fact_id, t.paraphrase, t.taught, t.probability, t.rank,
    t.decided_layer
FROM lake.fact_steps AS t;
