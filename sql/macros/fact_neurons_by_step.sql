-- Attribution of a fact to its neurons at each checkpoint: the neurons that are its knowledge
-- neurons at any checkpoint, those of the last first, by score there (place, from 1); score is the
-- mean over the fact's prompts, 0 where it is under the floor in all; a checkpoint at which the fact
-- wasn't attributed has no rows. is_knowledge_neuron says whether it is one there.
CREATE OR REPLACE MACRO fact_neurons_by_step(model, fact) AS TABLE
WITH
steps AS (FROM model_steps(model)),
asked AS (
    SELECT m.model, m.step, count(DISTINCT e.prompt) AS n_prompts
    FROM steps AS m
    JOIN every_attribution_error AS e ON e.model = m.model
    WHERE e.fact_id = fact
    GROUP BY m.model, m.step
),
kept AS (
    SELECT m.step, k.layer, k.neuron, k.score
    FROM steps AS m
    JOIN every_knowledge_neuron AS k ON k.model = m.model
    WHERE k.fact_id = fact
),
scored AS (
    SELECT m.step, a.layer, a.neuron, sum(a.score) AS total
    FROM steps AS m
    JOIN every_attribution AS a ON a.model = m.model
    WHERE a.fact_id = fact
    GROUP BY m.step, a.layer, a.neuron
),
placed AS (
    SELECT
        k.layer, k.neuron,
        row_number() OVER (
            ORDER BY max(k.step) DESC, arg_max(k.score, k.step) DESC, k.layer, k.neuron
        ) AS place
    FROM kept AS k
    GROUP BY k.layer, k.neuron
)
SELECT
    p.place, p.layer, p.neuron, n.step,
    coalesce(s.total, 0) / n.n_prompts AS score,
    k.neuron IS NOT NULL AS is_knowledge_neuron
FROM placed AS p
CROSS JOIN asked AS n
LEFT JOIN scored AS s ON s.step = n.step AND s.layer = p.layer AND s.neuron = p.neuron
LEFT JOIN kept AS k ON k.step = n.step AND k.layer = p.layer AND k.neuron = p.neuron
ORDER BY p.place, n.step;
