-- The prompts of a model's corpus with their cities, whether or not the atlas holds them.
CREATE OR REPLACE MACRO atlas_cities(model) AS TABLE
SELECT c.*
FROM atlases AS a
JOIN prompt_cities AS c ON c.corpus = a.corpus
WHERE a.model = model;
