-- The prompts of an atlas whose tokens contain a text, in order; case and accents are ignored. For
-- an atlas whose corpus is gone: search_prompts knows cities.
CREATE OR REPLACE MACRO search_texts(model, text) AS TABLE
WITH
texts AS (
    SELECT w.prompt_id, array_to_string(from_json(w.tokens, '["VARCHAR"]'), '') AS text
    FROM prompt_token_lists AS w
    WHERE w.model = model
)
SELECT t.prompt_id, t.text FROM texts AS t
WHERE contains(fold(t.text), fold(text))
ORDER BY t.prompt_id;
