-- A prompt as the model reads it, token by token.
CREATE OR REPLACE MACRO prompt_tokens(model, prompt) AS TABLE
SELECT t.position, t.token_id, t.token
FROM lake.tokens_of(model) AS t
WHERE t.prompt_id = prompt
ORDER BY t.position;
