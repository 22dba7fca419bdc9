CREATE OR REPLACE VIEW tokens AS
SELECT
    t.model, t.prompt_id, t.position, t.token_id, t.token
FROM lake.tokens AS t;
