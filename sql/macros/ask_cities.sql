-- The cities of a model's corpus that a text names, as whole words: by their own name, or by another
-- one, which found_as gives (of four letters or more unless it is the whole text). whole: the text is
-- the name and nothing else. n_prompts: the prompts about the city that the atlas holds, none where
-- the city is in the corpus alone. Own names come first, then longer ones, then larger cities. Of a
-- text the first 40 words are looked at, and names of up to five.
CREATE OR REPLACE MACRO ask_cities(model, words) AS TABLE
WITH
split AS (SELECT string_split(trim(spaced(words)), ' ')[1:40] AS parts),
runs AS (
    SELECT DISTINCT array_to_string(s.parts[i.i : i.i + n.n], ' ') AS name
    FROM split AS s, range(1, 41) AS i(i), range(0, 5) AS n(n)
    WHERE i.i + n.n <= len(s.parts) AND s.parts[1] <> ''
),
cities_of AS (
    SELECT
        c.city_id, c.prompt_id, c.name, c.country, c.population, c.is_capital, c.alternate_names,
        regexp_replace(c.folded_name, '[^\pL\pM\pN]+', ' ', 'g') AS plain,
        chr(10) || c.folded_others || chr(10) AS others
    FROM folded_cities AS c
    JOIN atlases AS a ON a.model = model AND a.corpus = c.corpus
),
named AS (
    SELECT c.*, r.name AS run, true AS own
    FROM cities_of AS c
    JOIN runs AS r ON r.name = trim(c.plain)
    UNION ALL
    SELECT c.*, r.name, false
    FROM cities_of AS c
    JOIN runs AS r ON contains(c.others, chr(10) || r.name || chr(10))
    WHERE length(r.name) >= 4 OR spaced(r.name) = spaced(words)
),
best AS (
    FROM named AS n
    QUALIFY row_number() OVER (
        PARTITION BY n.prompt_id ORDER BY n.own DESC, length(n.run) DESC, n.run
    ) = 1
)
SELECT
    b.city_id, any_value(b.name) AS name, any_value(b.country) AS country,
    any_value(b.population) AS population, any_value(b.is_capital) AS is_capital,
    any_value(
        CASE WHEN NOT b.own THEN
            list_filter(b.alternate_names, lambda other: fold(other) = b.run)[1]
        END
    ) AS found_as,
    any_value(spaced(b.run) = spaced(words)) AS whole,
    count(t.prompt_id) AS n_prompts
FROM best AS b
LEFT JOIN lake.tokens_of(model) AS t ON t.prompt_id = b.prompt_id AND t.position = 0
GROUP BY b.city_id
ORDER BY
    bool_or(b.own) DESC, max(length(b.run)) DESC, population DESC NULLS LAST, b.city_id;
