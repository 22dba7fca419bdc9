-- Attention knockout by relation: median and quartiles over facts of the share of the logit difference
-- lost where all heads of a window of layers no longer see some tokens.
CREATE OR REPLACE MACRO knockout_effects(model) AS TABLE
SELECT
    f.relation, t.from_role, t.to_role, t.first_layer, t.last_layer, count(*) AS n_facts,
    median(t.lost) AS lost, quantile_cont(t.lost, 0.25) AS lower_quartile,
    quantile_cont(t.lost, 0.75) AS upper_quartile
FROM attention_knockout AS t
CROSS JOIN (SELECT a.corpus FROM atlases AS a WHERE a.model = model) AS a
JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = t.fact_id
WHERE t.model = model AND t.head < 0 AND t.lost IS NOT NULL
GROUP BY ALL
ORDER BY f.relation, t.from_role, t.to_role, t.first_layer, t.last_layer;
