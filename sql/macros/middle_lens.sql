-- What the logit lens reads of a prompt between each layer's attention and its MLP, as lens does.
-- Rows are there of prompts that were read through it in the app.
CREATE OR REPLACE MACRO middle_lens(model, prompt) AS TABLE
SELECT
    l.position, l.layer, l.rank, l.token_id, l.token, l.probability, l.next_probability,
    l.next_rank
FROM lake.lens_readings_of(model, prompt) AS l
WHERE l.lens = 'middle'
ORDER BY l.position, l.layer, l.rank;
