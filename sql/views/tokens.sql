CREATE OR REPLACE VIEW tokens AS
SELECT
    t.model, t.prompt_id, t.position, t.token_id, t.token, t.sink
FROM lake.tokens AS t;
