CREATE OR REPLACE VIEW prompt_map AS
SELECT
    t.model, t.prompt_id, t.x, t.y, t.cluster
FROM lake.prompt_map AS t;
