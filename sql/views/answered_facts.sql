-- The facts that each model was asked for: the number of prompts, and of those where greedy decoding
-- says the whole object (n_correct); known: in at least half of them; the mean probability of the
-- answer's telling token, the mean log-probability of the whole object, the number of knowledge
-- neurons, and whether the answers were asked on demand.
CREATE OR REPLACE VIEW answered_facts AS
WITH
answers AS (
    SELECT
        a.model, a.fact_id,
        count(*) AS n_prompts,
        count(*) FILTER (a.greedy) AS n_correct,
        avg(a.probability) AS mean_probability,
        avg(a.logprob) AS mean_logprob,
        bool_or(a.on_demand) AS on_demand
    FROM every_answer AS a
    GROUP BY a.model, a.fact_id
),
counts AS (
    SELECT k.model, k.fact_id, count(*) AS n_neurons
    FROM every_knowledge_neuron AS k
    GROUP BY k.model, k.fact_id
)
SELECT
    a.model, a.fact_id, a.n_prompts, a.n_correct, a.mean_probability, a.mean_logprob,
    2 * a.n_correct >= a.n_prompts AS known,
    coalesce(n.n_neurons, 0) AS n_neurons, a.on_demand
FROM answers AS a
LEFT JOIN counts AS n ON n.model = a.model AND n.fact_id = a.fact_id;
