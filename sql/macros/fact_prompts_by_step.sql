-- The prompts of a fact at each checkpoint: P(answer), its rank, whether greedy decoding says the
-- whole object, the saturation layer, and whether the training text had the prompt (null where that
-- is unknown).
CREATE OR REPLACE MACRO fact_prompts_by_step(model, fact) AS TABLE
WITH
corpus AS (SELECT any_value(m.corpus) AS corpus FROM model_steps(model) AS m)
SELECT
    s.prompt, p.text, s.trained, s.step, s.probability, s.rank, s.greedy, s.saturation_layer
FROM every_fact_step AS s
CROSS JOIN corpus AS c
JOIN fact_prompts AS p ON p.corpus = c.corpus AND p.fact_id = s.fact_id AND p.prompt = s.prompt
WHERE s.model = split_part(model, '@', 1) AND s.fact_id = fact
ORDER BY s.prompt, s.step;
