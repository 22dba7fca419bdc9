-- The tables of a model (or of its training) that were made of other facts than its corpus holds
-- now, so that no view shows their rows: `kn knowledge` makes them again.
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
SELECT DISTINCT m.model, m.made_table
FROM made AS m
ANTI JOIN current_facts AS c ON c.model = m.model AND c.fact_set = m.fact_set
ORDER BY m.made_table;
