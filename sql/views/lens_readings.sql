CREATE OR REPLACE VIEW lens_readings AS
SELECT
    t.model, t.prompt_id, t.lens, t.position, t.layer, t.rank, t.token_id, t.token, t.probability,
    t.next_probability, t.next_rank
FROM lake.lens_readings AS t;
