-- The map of prompts: coordinates, and the city of each.
CREATE OR REPLACE MACRO prompt_points(model) AS TABLE
SELECT
    m.x, m.y, m.cluster, m.prompt_id, c.name, c.country, c.country_code, c.continent, c.population,
    c.is_capital
FROM prompt_map AS m
LEFT JOIN atlas_cities(model) AS c ON c.prompt_id = m.prompt_id
WHERE m.model = model
ORDER BY m.prompt_id;
