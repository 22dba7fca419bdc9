CREATE OR REPLACE VIEW fact_prompts AS
SELECT
    t.fact_id, t.prompt, t.text, t.corpus
FROM lake.fact_prompts AS t;
