-- The prompts on the map that words name, and how (found_as): by their city, country or continent, or
-- as words of their text. Whole words are found, without case and accents.
CREATE OR REPLACE MACRO prompts_found(model, words) AS TABLE
WITH
texts AS (
    SELECT w.prompt_id, array_to_string(from_json(w.tokens, '["VARCHAR"]'), '') AS text
    FROM prompt_token_lists AS w
    WHERE w.model = model
),
points AS (FROM prompt_points(model)),
named AS (
    SELECT p.prompt_id, 'city' AS found_as FROM points AS p
    WHERE contains(spaced(p.name), spaced(words))
    UNION ALL
    SELECT p.prompt_id, 'country' FROM points AS p
    WHERE contains(spaced(p.country), spaced(words))
    UNION ALL
    SELECT p.prompt_id, 'continent' FROM points AS p
    WHERE contains(spaced(p.continent), spaced(words))
    UNION ALL
    SELECT p.prompt_id, 'text' FROM points AS p
    JOIN texts AS t ON t.prompt_id = p.prompt_id
    WHERE contains(spaced(t.text), spaced(words))
)
SELECT n.prompt_id, n.found_as FROM named AS n
WHERE length(spaced(words)) > 2
ORDER BY n.prompt_id, n.found_as;
