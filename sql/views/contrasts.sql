CREATE OR REPLACE VIEW contrasts AS
SELECT
    t.model, t.fact_id, t.prompt_fact_id, t.prompt, t.contrast, t.purpose, t.contrast_kind,
    t.contrast_fact_id, t.n_prompts, t.answer_token_id, t.against_token_id, t.difference,
    t.fact_set
FROM lake.contrasts AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
