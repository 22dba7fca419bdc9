-- How well each layer knows the next token already, over all tokens that have one.
CREATE OR REPLACE MACRO lens_by_layer(model) AS TABLE
SELECT
    l.layer,
    count(*) AS n_tokens,
    avg(l.next_probability) AS next_probability,
    median(l.next_rank) AS median_next_rank,
    avg((l.next_rank = 1)::INT) AS share_first,
    avg((l.next_rank <= 5)::INT) AS share_in_five
FROM logit_lens AS l
WHERE l.model = model AND l.rank = 1 AND l.next_rank IS NOT NULL
GROUP BY l.layer
ORDER BY l.layer;
