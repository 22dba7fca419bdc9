-- Circuits by relation: median and quartiles over facts of the share of the logit difference that is
-- lost or kept with n units, on held-out wordings and contrasts. on_fact tells the fact's own prompts
-- from the same subject's other facts.
CREATE OR REPLACE MACRO circuit_effects(model) AS TABLE
WITH by_fact AS (
    SELECT
        t.fact_id, t.condition, t.measure, t.n_units, t.prompt_fact_id = t.fact_id AS on_fact,
        median(t.share) AS share
    FROM circuit_curves AS t
    WHERE t.model = model AND t.share IS NOT NULL
    GROUP BY ALL
)
SELECT
    f.relation, b.on_fact, b.condition, b.measure, b.n_units, count(*) AS n_facts,
    median(b.share) AS share, quantile_cont(b.share, 0.25) AS lower_quartile,
    quantile_cont(b.share, 0.75) AS upper_quartile
FROM by_fact AS b
CROSS JOIN (SELECT c.corpus FROM atlases AS c WHERE c.model = model) AS a
JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = b.fact_id
GROUP BY ALL
ORDER BY f.relation, b.on_fact DESC, b.measure DESC, b.condition, b.n_units;
