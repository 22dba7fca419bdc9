-- search_cities among the prompts of an atlas, best first; the most populous first where scores are
-- equal.
CREATE OR REPLACE MACRO search_prompts(model, text) AS TABLE
SELECT
    c.prompt_id, c.name, c.country, c.population, c.is_capital, c.text, c.score, c.found_as
FROM search_cities(text) AS c
SEMI JOIN lake.tokens_of(model) AS t ON t.prompt_id = c.prompt_id AND t.position = 0
LEFT JOIN atlases AS a ON a.model = model
WHERE a.corpus = c.corpus OR a.corpus IS NULL
ORDER BY c.score DESC, c.population DESC NULLS LAST, c.prompt_id;
