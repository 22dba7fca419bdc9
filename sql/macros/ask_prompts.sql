-- The prompts of an atlas about a city, and in each the place from which a word follows:
-- `position` is the token after which `follows` begins, next_token the one that begins it; both are
-- null where it doesn't follow. The first place after the city's name counts, else the first of all.
-- Prompts in which it follows come first.
CREATE OR REPLACE MACRO ask_prompts(model, city, follows) AS TABLE
WITH
chosen AS (
    SELECT c.prompt_id, c.name, c.country FROM atlas_cities(model) AS c WHERE c.city_id = city
),
read AS (
    SELECT
        t.prompt_id, t.position, t.token,
        coalesce(sum(length(t.token)) OVER (
            PARTITION BY t.prompt_id ORDER BY t.position
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS start
    FROM lake.tokens_of(model) AS t
    SEMI JOIN chosen AS c ON c.prompt_id = t.prompt_id
),
texts AS (
    SELECT r.prompt_id, array_to_string(list(r.token ORDER BY r.position), '') AS text
    FROM read AS r
    GROUP BY r.prompt_id
),
begins AS (
    SELECT r.prompt_id, r.position, r.token
    FROM read AS r
    JOIN texts AS x ON x.prompt_id = r.prompt_id
    JOIN chosen AS c ON c.prompt_id = r.prompt_id
    WHERE r.position > 0
        AND trim(follows) <> ''
        -- Not the comma before it, which spaced() takes for nothing.
        AND fold(ltrim(r.token))[1] = fold(ltrim(follows))[1]
        -- A word that goes on after it is another one: Niger in Nigeria.
        AND spaced(ltrim(x.text[r.start::BIGINT + 1 :])) LIKE (spaced(follows) || '%')
        AND NOT regexp_matches(x.text[r.start::BIGINT : r.start::BIGINT + 1], '^[\pL\pM\pN]{2}')
    QUALIFY row_number() OVER (
        PARTITION BY r.prompt_id
        ORDER BY r.start < coalesce(nullif(strpos(x.text, c.name), 0), 1), r.position
    ) = 1
)
SELECT
    x.prompt_id, c.name, c.country, (b.position - 1)::INTEGER AS position, b.token AS next_token,
    x.text
FROM texts AS x
JOIN chosen AS c ON c.prompt_id = x.prompt_id
LEFT JOIN begins AS b ON b.prompt_id = x.prompt_id
ORDER BY b.position IS NULL, x.prompt_id;
