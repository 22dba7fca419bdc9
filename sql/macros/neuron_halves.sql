-- The two halves of a neuron: its positive activations (sign 1) and its negative ones (sign -1), each
-- with its firings (attention sinks left out), their share of all tokens, and the tokens that the
-- value vector times such an activation promotes and suppresses, in order: a negative activation
-- promotes what the value vector suppresses. Scores are of one unit of |activation|.
CREATE OR REPLACE MACRO neuron_halves(model, layer, neuron) AS TABLE
WITH
halves AS (SELECT unnest([1, -1])::TINYINT AS sign),
read AS (SELECT count(*) AS n_tokens FROM lake.tokens_of(model) AS t WHERE NOT t.sink),
told AS (
    SELECT
        f.sign, count(*) AS n_fired, count(DISTINCT f.prompt_id) AS n_prompts,
        arg_max(f.activation, abs(f.activation)) AS largest, avg(f.activation) AS mean
    FROM neuron_firings(model, layer, neuron) AS f
    GROUP BY f.sign
),
vocabulary AS (
    SELECT
        v.sign, list(v.token ORDER BY v.rank) AS tokens, list(v.score ORDER BY v.rank) AS scores
    FROM lake.neuron_vocabulary_of(model) AS v
    WHERE v.layer = layer AND v.neuron = neuron
    GROUP BY v.sign
)
SELECT
    h.sign, coalesce(f.n_fired, 0) AS n_fired,
    coalesce(f.n_fired, 0) / r.n_tokens AS firing_rate,
    coalesce(f.n_prompts, 0) AS n_prompts, f.largest, f.mean,
    p.tokens AS promoted, list_transform(p.scores, lambda x: h.sign * x) AS promoted_scores,
    s.tokens AS suppressed, list_transform(s.scores, lambda x: h.sign * x) AS suppressed_scores
FROM halves AS h
CROSS JOIN read AS r
LEFT JOIN told AS f ON f.sign = h.sign
LEFT JOIN vocabulary AS p ON p.sign = h.sign
LEFT JOIN vocabulary AS s ON s.sign = -h.sign
SEMI JOIN lake.neurons_of(model) AS m ON m.layer = layer AND m.neuron = neuron
ORDER BY h.sign DESC;
