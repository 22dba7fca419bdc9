-- The tables of a model and of its training that answer facts, and whether those are other facts
-- than its corpus holds now: then no view shows their rows, and `kn knowledge` makes them again.
CREATE OR REPLACE MACRO answers_to_other_facts(model) AS TABLE
WITH
made AS (
    SELECT DISTINCT 'fact_answers' AS made_table, t.model, t.fact_set
    FROM lake.fact_answers AS t WHERE t.model = model
    UNION ALL
    SELECT DISTINCT 'fact_lens', t.model, t.fact_set
    FROM lake.fact_lens AS t WHERE t.model = model
    UNION ALL
    SELECT DISTINCT 'fact_steps', t.model, t.fact_set
    FROM lake.fact_steps AS t WHERE t.model = split_part(model, '@', 1)
)
SELECT m.model, m.made_table, bool_or(c.fact_set IS NULL) AS of_other_facts
FROM made AS m
LEFT JOIN current_facts AS c ON c.model = m.model AND c.fact_set = m.fact_set
GROUP BY m.model, m.made_table
ORDER BY m.made_table;
