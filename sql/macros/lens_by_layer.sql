-- Accuracy of the logit lens by layer, over all tokens with a next token.
CREATE OR REPLACE MACRO lens_by_layer(model) AS TABLE
SELECT
    l.layer,
    count(*) AS n_tokens,
    avg(l.next_probability) AS next_probability,
    median(l.next_rank) AS median_next_rank,
    avg((l.next_rank = 1)::INT) AS top1_accuracy,
    avg((l.next_rank <= 5)::INT) AS top5_accuracy
FROM logit_lens AS l
WHERE l.model = model AND l.rank = 1 AND l.next_rank IS NOT NULL
GROUP BY l.layer
ORDER BY l.layer;
