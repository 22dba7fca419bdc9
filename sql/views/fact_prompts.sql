CREATE OR REPLACE VIEW fact_prompts AS
SELECT
    t.fact_id, t.prompt, t.text, t.fact_set, t.corpus
FROM lake.fact_prompts AS t
SEMI JOIN lake.facts AS f ON f.corpus = t.corpus AND f.fact_set = t.fact_set;
