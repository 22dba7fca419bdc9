CREATE OR REPLACE VIEW asked_answers AS
SELECT
    t.model, t.fact_id, t.prompt, t.answer_prefix, t.position, t.answer_token_id,
    t.answer_token, t.probability, t.rank, t.top, t.top_probabilities, t.answer_tokens,
    t.logprob, t.greedy, t.fact_set, t.saturation_layer, t.trained, t.run
FROM lake.asked_answers AS t
SEMI JOIN asked_facts AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
