CREATE OR REPLACE VIEW prompts AS
SELECT
    t.prompt_id, t.city_id, t.text, t.corpus
FROM lake.prompts AS t;
