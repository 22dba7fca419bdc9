-- What each layer would have said next: its five likeliest tokens after each token of a prompt,
-- and how likely it found the token that truly follows (null after the last token).
CREATE OR REPLACE MACRO lens(model, prompt) AS TABLE
SELECT
    l.position, l.layer, l.rank, l.token_id, l.token, l.probability, l.next_probability,
    l.next_rank
FROM lake.logit_lens_of(model, prompt) AS l
ORDER BY l.position, l.layer, l.rank;
