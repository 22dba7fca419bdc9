-- What the linear lens reads of a prompt, as lens does: each layer's stream is mapped to the last
-- layer's first. Rows are there of prompts that were read through it in the app.
CREATE OR REPLACE MACRO linear_lens(model, prompt) AS TABLE
SELECT
    l.position, l.layer, l.rank, l.token_id, l.token, l.probability, l.next_probability,
    l.next_rank
FROM lake.lens_readings_of(model, prompt) AS l
WHERE l.lens = 'linear'
ORDER BY l.position, l.layer, l.rank;
