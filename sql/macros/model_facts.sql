-- The facts that a model was asked for, one that isn't here was not: the number of prompts, and of
-- those where greedy decoding says the whole object (n_correct); known: in at least half of them;
-- the mean probability of the answer's telling token, the mean log-probability of the whole object,
-- the number of knowledge neurons, and whether the answers were asked on demand: a person chose
-- those facts, so no share may be taken over them.
CREATE OR REPLACE MACRO model_facts(model) AS TABLE
WITH
answers AS (
    SELECT
        a.fact_id,
        count(*) AS n_prompts,
        count(*) FILTER (a.greedy) AS n_correct,
        avg(a.probability) AS mean_probability,
        avg(a.logprob) AS mean_logprob,
        bool_or(a.on_demand) AS on_demand
    FROM every_answer AS a
    WHERE a.model = model
    GROUP BY a.fact_id
),
counts AS (
    SELECT k.fact_id, count(*) AS n_neurons
    FROM every_knowledge_neuron AS k
    WHERE k.model = model
    GROUP BY k.fact_id
)
SELECT
    f.fact_id, f.relation, f.subject, f.object, f.city_id, a.n_prompts, a.n_correct,
    a.mean_probability, a.mean_logprob, 2 * a.n_correct >= a.n_prompts AS known,
    coalesce(n.n_neurons, 0) AS n_neurons, a.on_demand
FROM answers AS a
JOIN atlases AS t ON t.model = model
JOIN facts AS f ON f.corpus = t.corpus AND f.fact_id = a.fact_id
LEFT JOIN counts AS n ON n.fact_id = a.fact_id
ORDER BY f.fact_id;
