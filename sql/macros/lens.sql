-- The logit lens of a prompt: the five most likely next tokens after each layer at each position,
-- and the probability and rank of the token that really follows (null after the last token).
CREATE OR REPLACE MACRO lens(model, prompt) AS TABLE
SELECT
    l.position, l.layer, l.rank, l.token_id, l.token, l.probability, l.next_probability,
    l.next_rank
FROM lake.logit_lens_of(model, prompt) AS l
ORDER BY l.position, l.layer, l.rank;
