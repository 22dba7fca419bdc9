-- A prompt as the model reads it, token by token; sink: whether it is an attention sink.
CREATE OR REPLACE MACRO prompt_tokens(model, prompt) AS TABLE
SELECT
    t.position, t.token_id, t.token,
    coalesce(t.sink, t.position = 0) AS sink  -- earlier versions took position 0 for one
FROM lake.tokens_of(model) AS t
WHERE t.prompt_id = prompt
ORDER BY t.position;
