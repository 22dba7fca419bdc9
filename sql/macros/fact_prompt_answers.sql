-- The prompts of a fact with the model's answers: the answer prefix, the answer, its probability
-- and rank, the five most likely tokens, and of the whole object the number of tokens, the
-- log-probability, and whether greedy decoding says it; null where the model was not asked that
-- prompt.
CREATE OR REPLACE MACRO fact_prompt_answers(model, fact) AS TABLE
SELECT
    p.prompt, p.text, n.answer_prefix, n.answer_token, n.probability, n.rank, n.top,
    n.top_probabilities, n.answer_tokens, n.logprob, n.greedy
FROM fact_prompts AS p
JOIN atlases AS a ON a.corpus = p.corpus
LEFT JOIN (
    FROM every_answer AS f WHERE f.model = model AND f.fact_id = fact
) AS n ON n.prompt = p.prompt
WHERE a.model = model AND p.fact_id = fact
ORDER BY p.prompt;
