-- The prompts that an atlas holds, in order, with their cities.
CREATE OR REPLACE MACRO atlas_prompts(model) AS TABLE
SELECT
    c.prompt_id, c.name, c.country, c.population, c.text, c.city_id, c.country_code,
    c.continent, c.is_capital
FROM atlas_cities(model) AS c
SEMI JOIN (
    SELECT t.prompt_id FROM tokens AS t WHERE t.model = model AND t.position = 0
) AS held ON held.prompt_id = c.prompt_id
ORDER BY c.prompt_id;
