-- Facts near a fact that the model was asked: the same subject's others, then those with the same
-- object, then those that share most knowledge neurons with it (n_shared).
CREATE OR REPLACE MACRO facts_near(model, fact) AS TABLE
WITH
answered AS (FROM model_facts(model)),
own AS (SELECT a.subject, a.object, a.relation FROM answered AS a WHERE a.fact_id = fact),
mine AS (
    SELECT k.layer, k.neuron
    FROM every_knowledge_neuron AS k
    WHERE k.model = model AND k.fact_id = fact
),
shared AS (
    SELECT k.fact_id, count(*) AS n
    FROM knowledge_neurons AS k
    JOIN mine AS m ON m.layer = k.layer AND m.neuron = k.neuron
    WHERE k.model = model
    GROUP BY k.fact_id
)
SELECT
    a.fact_id, a.relation, a.subject, a.object, a.known, a.n_neurons,
    coalesce(s.n, 0) AS n_shared
FROM answered AS a
CROSS JOIN own AS o
LEFT JOIN shared AS s ON s.fact_id = a.fact_id
WHERE a.fact_id <> fact
    AND (a.subject IN (o.subject, o.object) OR a.object IN (o.subject, o.object) OR s.n > 0)
ORDER BY
    a.subject = o.subject DESC, a.subject = o.object DESC, coalesce(s.n, 0) DESC,
    a.object = o.object DESC, a.fact_id;
