-- The prompts of an atlas whose tokens hold a text, in order; case and accents are ignored. For an
-- atlas whose corpus is gone: search_prompts knows cities.
CREATE OR REPLACE MACRO search_texts(model, text) AS TABLE
SELECT w.prompt_id, array_to_string(w.tokens, '') AS text
FROM prompt_words AS w
WHERE w.model = model AND contains(fold(array_to_string(w.tokens, '')), fold(text))
ORDER BY w.prompt_id;
