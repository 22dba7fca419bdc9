CREATE OR REPLACE VIEW fact_answers AS
SELECT
    t.model, t.fact_id, t.prompt, t.answer_prefix, t.position, t.answer_token_id,
    t.answer_token, t.probability, t.rank, t.top, t.top_probabilities
FROM lake.fact_answers AS t;
