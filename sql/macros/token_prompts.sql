-- The prompts of an atlas in which a token stands after another one, and the position before it, from
-- which a model would have to predict it: k of n_total, one place a prompt. Spaces around the token
-- don't count; those with the same spaces come first.
CREATE OR REPLACE MACRO token_prompts(model, token, k) AS TABLE
WITH
found AS (
    SELECT t.prompt_id, t.position, t.token AS next_token, t.token = token AS has_same_spaces
    FROM lake.tokens_of(model) AS t
    WHERE trim(t.token) = trim(token) AND t.position > 0
),
places AS (
    SELECT f.prompt_id, f.position - 1 AS position, f.next_token
    FROM found AS f
    QUALIFY row_number() OVER (
        PARTITION BY f.prompt_id ORDER BY f.has_same_spaces DESC, f.position, f.next_token
    ) = 1
)
SELECT
    p.prompt_id, l.name, l.country, p.position, p.next_token, count(*) OVER () AS n_total
FROM places AS p
LEFT JOIN labelled_prompts AS l ON l.model = model AND l.prompt_id = p.prompt_id
ORDER BY p.next_token = token DESC, p.prompt_id
LIMIT k;
