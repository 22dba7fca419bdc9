CREATE OR REPLACE VIEW fact_answers AS
SELECT
    t.model, t.fact_id, t.prompt, t.answer_prefix, t.position, t.answer_token_id,
    t.answer_token, t.probability, t.rank, t.top, t.top_probabilities, t.answer_tokens,
    t.logprob, t.greedy, t.fact_set
FROM lake.fact_answers AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
