-- The prompts of an atlas in which a token stands after another one, and the position before it, from
-- which a model would have to predict it: k of n_total, one place a prompt. Spaces around the token
-- don't count; those with the same spaces come first.
CREATE OR REPLACE MACRO token_prompts(model, token, k) AS TABLE
WITH
places AS (
    SELECT
        t.prompt_id, min(t.position) - 1 AS position, t.token AS next_token
    FROM lake.tokens_of(model) AS t
    WHERE trim(t.token) = trim(token) AND t.position > 0
    GROUP BY t.prompt_id, t.token
    QUALIFY row_number() OVER (
        PARTITION BY t.prompt_id ORDER BY t.token = token DESC, min(t.position)
    ) = 1
)
SELECT
    p.prompt_id, l.name, l.country, p.position, p.next_token, count(*) OVER () AS n_total
FROM places AS p
LEFT JOIN labelled_prompts AS l ON l.model = model AND l.prompt_id = p.prompt_id
ORDER BY p.next_token = token DESC, p.prompt_id
LIMIT k;
