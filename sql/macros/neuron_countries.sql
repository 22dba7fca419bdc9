-- The countries of the prompts in which a neuron fired, by number of prompts.
CREATE OR REPLACE MACRO neuron_countries(model, layer, neuron) AS TABLE
SELECT
    c.country, any_value(c.continent) AS continent, count(*) AS n_prompts,
    avg(abs(r.peak)) AS mean_peak, max(abs(r.peak)) AS max_peak
FROM neuron_ranks(model, layer, neuron) AS r
JOIN atlas_cities(model) AS c ON c.prompt_id = r.prompt_id
GROUP BY c.country
ORDER BY n_prompts DESC, max_peak DESC, c.country;
