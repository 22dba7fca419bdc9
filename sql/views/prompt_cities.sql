-- Every prompt with the city it is about.
CREATE OR REPLACE VIEW prompt_cities AS
SELECT
    p.prompt_id, p.text, c.city_id, c.name, c.country, c.country_code, c.continent,
    c.population, c.is_capital, c.latitude, c.longitude, c.url, c.alternate_names, p.corpus
FROM prompts AS p
JOIN cities AS c ON c.corpus = p.corpus AND c.city_id = p.city_id;
