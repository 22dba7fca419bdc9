-- The facts that a model was asked for, one that isn't here was not: the number of prompts, and of
-- those where greedy decoding says the whole object (n_correct); known: in at least half of them;
-- the mean probability of the answer's telling token, the mean log-probability of the whole object,
-- the number of knowledge neurons, and whether the answers were asked on demand: a person chose
-- those facts, so no share may be taken over them.
CREATE OR REPLACE MACRO model_facts(model) AS TABLE
SELECT
    f.fact_id, f.relation, f.subject, f.object, f.city_id, a.n_prompts, a.n_correct,
    a.mean_probability, a.mean_logprob, a.known, a.n_neurons, a.on_demand
FROM answered_facts AS a
JOIN atlases AS t ON t.model = model
JOIN facts AS f ON f.corpus = t.corpus AND f.fact_id = a.fact_id
WHERE a.model = model
ORDER BY f.fact_id;
