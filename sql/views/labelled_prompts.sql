-- Every prompt for a list: its tokens as one JSON list in the order of positions, and its city's
-- name and country, null where the corpus is gone.
CREATE OR REPLACE VIEW labelled_prompts AS
SELECT w.model, w.prompt_id, w.tokens, c.name, c.country
FROM prompt_token_lists AS w
LEFT JOIN atlases AS a ON a.model = w.model
LEFT JOIN prompt_cities AS c ON c.corpus = a.corpus AND c.prompt_id = w.prompt_id;
