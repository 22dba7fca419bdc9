-- The values that a text names as whole words: the countries and continents of a model's corpus, and
-- whatever else concept_neurons has neurons for. n_prompts: the prompts of the atlas that have the
-- value. whole: the text is the value and nothing else. Longer names come first.
CREATE OR REPLACE MACRO ask_values(model, words) AS TABLE
WITH
places AS (
    SELECT c.country, c.continent, count(t.prompt_id) AS n_prompts
    FROM atlas_cities(model) AS c
    LEFT JOIN lake.tokens_of(model) AS t ON t.prompt_id = c.prompt_id AND t.position = 0
    GROUP BY c.country, c.continent
),
values_of AS (
    SELECT 'country' AS attribute, p.country AS value, sum(p.n_prompts)::BIGINT AS n_prompts
    FROM places AS p
    GROUP BY p.country
    UNION ALL
    SELECT 'continent', p.continent, sum(p.n_prompts)::BIGINT
    FROM places AS p
    GROUP BY p.continent
    UNION ALL
    SELECT c.attribute, c.value, max(c.n)
    FROM lake.neuron_concepts_of(model) AS c
    WHERE c.attribute NOT IN ('country', 'continent')
    GROUP BY c.attribute, c.value
)
SELECT
    v.attribute, v.value, v.n_prompts, spaced(v.value) = spaced(words) AS whole
FROM values_of AS v
WHERE named_in(v.value, words)
ORDER BY length(v.value) DESC, v.n_prompts DESC, v.attribute, v.value;
