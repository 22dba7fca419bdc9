CREATE OR REPLACE VIEW attention AS
SELECT
    t.model, t.prompt_id, t.layer, t.position, t.source_position, t.weight
FROM lake.attention AS t;
