-- All neurons that a fact's answers are attributed to, highest score first: score is the mean over
-- the fact's wordings (below the floor counts as 0), share that of the wordings in which it is over
-- the floor, refined says whether it is one of the fact's knowledge neurons.
CREATE OR REPLACE MACRO fact_neuron_grid(model, fact) AS TABLE
WITH
wordings AS (
    SELECT count(DISTINCT e.paraphrase) AS n
    FROM attribution_error AS e
    WHERE e.model = model AND e.fact_id = fact
),
scored AS (
    SELECT a.layer, a.neuron, sum(a.score) AS total, count(*) AS n
    FROM attributions AS a
    WHERE a.model = model AND a.fact_id = fact
    GROUP BY a.layer, a.neuron
),
refined AS (
    SELECT k.layer, k.neuron FROM knowledge_neurons AS k WHERE k.model = model AND k.fact_id = fact
),
words AS (
    SELECT v.layer, v.neuron, list(v.token ORDER BY v.rank) AS promotes
    FROM neuron_vocabulary AS v
    SEMI JOIN scored AS s ON s.layer = v.layer AND s.neuron = v.neuron
    WHERE v.model = model AND v.sign = 1 AND v.rank <= 5
    GROUP BY v.layer, v.neuron
)
SELECT
    s.layer, s.neuron, s.total / w.n AS score, s.n / w.n AS share,
    r.neuron IS NOT NULL AS refined, t.promotes
FROM scored AS s
CROSS JOIN wordings AS w
LEFT JOIN refined AS r ON r.layer = s.layer AND r.neuron = s.neuron
LEFT JOIN words AS t ON t.layer = s.layer AND t.neuron = s.neuron
ORDER BY score DESC, s.layer, s.neuron;
