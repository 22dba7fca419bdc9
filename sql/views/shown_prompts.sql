-- Every prompt as lists show it: its tokens as one JSON list in the order of positions, and its
-- city's name and country, null where the corpus is gone.
CREATE OR REPLACE VIEW shown_prompts AS
SELECT w.model, w.prompt_id, w.words, c.name, c.country
FROM prompt_words AS w
LEFT JOIN atlases AS a ON a.model = w.model
LEFT JOIN prompt_cities AS c ON c.corpus = a.corpus AND c.prompt_id = w.prompt_id;
