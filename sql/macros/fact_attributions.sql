-- All neurons that a fact's answers are attributed to, highest score first: score is the mean over
-- the fact's prompts (0 where below the floor), share that of the prompts in which it is over the
-- floor, is_knowledge_neuron whether it is one of the fact's knowledge neurons.
CREATE OR REPLACE MACRO fact_attributions(model, fact) AS TABLE
WITH
prompts AS (
    SELECT count(DISTINCT e.prompt) AS n
    FROM every_attribution_error AS e
    WHERE e.model = model AND e.fact_id = fact
),
scored AS (
    SELECT a.layer, a.neuron, sum(a.score) AS total, count(*) AS n
    FROM every_attribution AS a
    WHERE a.model = model AND a.fact_id = fact
    GROUP BY a.layer, a.neuron
),
kept AS (
    SELECT k.layer, k.neuron
    FROM every_knowledge_neuron AS k
    WHERE k.model = model AND k.fact_id = fact
),
vocabulary AS (
    SELECT v.layer, v.neuron, list(v.token ORDER BY v.rank) AS promotes
    FROM neuron_vocabulary AS v
    SEMI JOIN scored AS s ON s.layer = v.layer AND s.neuron = v.neuron
    WHERE v.model = model AND v.sign = 1 AND v.rank <= 5
    GROUP BY v.layer, v.neuron
)
SELECT
    s.layer, s.neuron, s.total / p.n AS score, s.n / p.n AS share,
    r.neuron IS NOT NULL AS is_knowledge_neuron, t.promotes
FROM scored AS s
CROSS JOIN prompts AS p
LEFT JOIN kept AS r ON r.layer = s.layer AND r.neuron = s.neuron
LEFT JOIN vocabulary AS t ON t.layer = s.layer AND t.neuron = s.neuron
ORDER BY score DESC, s.layer, s.neuron;
