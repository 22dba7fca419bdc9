-- What a fact's units buy by their number: shares of the logit difference lost and kept, medians over
-- held-out contrasts. asked: the fact itself, or another of its subject (prompt_fact_id).
CREATE OR REPLACE MACRO fact_circuit_curves(model, fact) AS TABLE
WITH mine AS (
    SELECT
        t.prompt_fact_id, f.relation, t.condition, t.measure, t.n_units, count(t.share) AS n,
        median(t.share) AS share, min(t.share) AS lowest, max(t.share) AS highest
    FROM circuit_curves AS t
    JOIN atlases AS a ON a.model = t.model
    JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = t.prompt_fact_id
    WHERE t.model = model AND t.fact_id = fact
    GROUP BY ALL
)
SELECT
    m.prompt_fact_id, m.relation, m.condition, m.measure, m.n_units, m.n, m.share, m.lowest,
    m.highest
FROM mine AS m
ORDER BY m.prompt_fact_id <> fact, m.prompt_fact_id, m.measure DESC, m.condition, m.n_units;
