-- The wordings in which a fact is asked, with the model's answers: the beginning of the object that
-- the prompt was given, the token that is scored, its probability and rank, and the five likeliest
-- tokens. All of that is null where the model wasn't asked that wording.
CREATE OR REPLACE MACRO fact_wordings(model, fact) AS TABLE
SELECT
    p.paraphrase, p.text, n.given, n.answer_token, n.probability, n.rank, n.top,
    n.top_probabilities
FROM fact_prompts AS p
JOIN atlases AS a ON a.corpus = p.corpus
LEFT JOIN (
    FROM fact_answers AS f WHERE f.model = model AND f.fact_id = fact
) AS n ON n.paraphrase = p.paraphrase
WHERE a.model = model AND p.fact_id = fact
ORDER BY p.paraphrase;
