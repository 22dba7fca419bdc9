CREATE OR REPLACE VIEW cities AS
SELECT
    t.city_id, t.name, t.country, t.country_code, t.continent, t.population, t.is_capital,
    t.latitude, t.longitude, t.url, t.source, t.alternate_names, t.corpus
FROM lake.cities AS t;
