CREATE OR REPLACE VIEW fact_lens AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.probability, t.rank
FROM lake.fact_lens AS t;
