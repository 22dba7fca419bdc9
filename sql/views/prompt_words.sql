-- Every prompt's tokens as one list, in the order of positions.
CREATE OR REPLACE VIEW prompt_words AS
SELECT t.model, t.prompt_id, list(t.token ORDER BY t.position) AS tokens
FROM tokens AS t
GROUP BY t.model, t.prompt_id;
