-- Every prompt's tokens as one JSON list, in the order of positions.
CREATE OR REPLACE VIEW prompt_token_lists AS
SELECT t.model, t.prompt_id, to_json(list(t.token ORDER BY t.position))::VARCHAR AS tokens
FROM tokens AS t
GROUP BY t.model, t.prompt_id;
