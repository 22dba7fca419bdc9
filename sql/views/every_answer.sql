-- Answers to facts: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_answer AS
SELECT
    s.model, s.fact_id, s.prompt, s.answer_prefix, s.position, s.answer_token_id,
    s.answer_token, s.probability, s.rank, s.top, s.top_probabilities, s.answer_tokens,
    s.logprob, s.greedy, s.fact_set,
    false AS on_demand
FROM fact_answers AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.prompt, t.answer_prefix, t.position, t.answer_token_id,
    t.answer_token, t.probability, t.rank, t.top, t.top_probabilities, t.answer_tokens,
    t.logprob, t.greedy, t.fact_set,
    true AS on_demand
FROM asked_answers AS t
ANTI JOIN fact_answers AS s ON s.model = t.model AND s.fact_id = t.fact_id;
