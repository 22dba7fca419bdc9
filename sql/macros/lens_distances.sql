-- How far the logit lens and the linear lens are from the model's own output after each layer: mean
-- KL in nats and the share of tokens with the same likeliest token, over held-out prompts.
CREATE OR REPLACE MACRO lens_distances(model) AS TABLE
SELECT
    q.layer,
    max(q.kl) FILTER (WHERE q.lens = 'logit') AS logit_kl,
    max(q.kl) FILTER (WHERE q.lens = 'linear') AS linear_kl,
    max(q.top1_agreement) FILTER (WHERE q.lens = 'logit') AS logit_agreement,
    max(q.top1_agreement) FILTER (WHERE q.lens = 'linear') AS linear_agreement,
    max(q.n_tokens) AS n_tokens,
    max(q.n_prompts) AS n_prompts
FROM lake.lens_quality_of(model) AS q
GROUP BY q.layer
ORDER BY q.layer;
