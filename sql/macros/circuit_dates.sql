-- When each fact's circuit came to carry its answer, by checkpoints: the first step at which the
-- prompt's logit difference is at least half of that at the last step, and the units chosen at that
-- step lose, or keep, at least half of it (share_then, on held-out wordings and contrasts). The date
-- lies between step_before, the checkpoint measured before it, and step. Where there is none, why_none
-- says: never, not measured (no wording or contrast was left, or too few units), or no difference (the
-- last step prefers the contrast's answer).
CREATE OR REPLACE MACRO circuit_dates(model, lost_units := 30, kept_units := 1000) AS TABLE
WITH
measured AS (
    SELECT
        m.step, c.fact_id, c.measure,
        median(c.share) AS share,
        median(c.difference_before) AS difference
    FROM model_steps(model) AS m
    JOIN circuit_curves AS c ON c.model = m.model
    WHERE c.condition = 'circuit' AND c.prompt_fact_id = c.fact_id
        AND c.n_units = CASE c.measure WHEN 'lost' THEN lost_units ELSE kept_units END
    GROUP BY m.step, c.fact_id, c.measure
),
told AS (
    SELECT
        d.*,
        lag(d.step) OVER (PARTITION BY d.fact_id, d.measure ORDER BY d.step) AS step_before,
        last_value(d.difference) OVER (
            PARTITION BY d.fact_id, d.measure ORDER BY d.step
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS last_difference
    FROM measured AS d
),
found AS (
    SELECT
        t.fact_id, t.measure,
        count(*) AS n_steps,
        any_value(t.last_difference) AS last_difference,
        min(t.step) FILTER (
            t.share >= 0.5 AND t.last_difference > 0 AND 2 * t.difference >= t.last_difference
        ) AS step
    FROM told AS t
    GROUP BY t.fact_id, t.measure
),
asked AS (
    SELECT DISTINCT u.fact_id, b.measure, b.n_units
    FROM model_steps(model) AS m
    JOIN circuit_units AS u ON u.model = m.model
    CROSS JOIN (VALUES ('lost', lost_units), ('kept', kept_units)) AS b(measure, n_units)
)
SELECT
    a.fact_id, a.measure, a.n_units, f.step, t.step_before, t.share AS share_then,
    coalesce(f.n_steps, 0) AS n_steps, f.last_difference,
    CASE
        WHEN f.step IS NOT NULL THEN NULL
        WHEN f.n_steps IS NULL THEN 'not measured'
        WHEN f.last_difference <= 0 THEN 'no difference'
        ELSE 'never'
    END AS why_none
FROM asked AS a
LEFT JOIN found AS f ON f.fact_id = a.fact_id AND f.measure = a.measure
LEFT JOIN told AS t ON t.fact_id = a.fact_id AND t.measure = a.measure AND t.step = f.step
ORDER BY a.fact_id, a.measure DESC;
