-- The facts that a model was asked for: the number of prompts and of those answered correctly, the
-- answer's mean probability, and the number of knowledge neurons.
CREATE OR REPLACE MACRO model_facts(model) AS TABLE
WITH
answers AS (
    SELECT
        a.fact_id,
        count(*) AS n_prompts,
        count(*) FILTER (a.rank = 1) AS n_correct,
        avg(a.probability) AS mean_probability
    FROM fact_answers AS a
    WHERE a.model = model
    GROUP BY a.fact_id
),
counts AS (
    SELECT k.fact_id, count(*) AS n_neurons
    FROM knowledge_neurons AS k
    WHERE k.model = model
    GROUP BY k.fact_id
)
SELECT
    f.fact_id, f.relation, f.subject, f.object, f.city_id, a.n_prompts, a.n_correct,
    a.mean_probability, coalesce(n.n_neurons, 0) AS n_neurons
FROM answers AS a
JOIN atlases AS t ON t.model = model
JOIN facts AS f ON f.corpus = t.corpus AND f.fact_id = a.fact_id
LEFT JOIN counts AS n ON n.fact_id = a.fact_id
ORDER BY f.fact_id;
