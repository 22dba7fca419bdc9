-- The k neurons whose value vectors, by their weights alone, promote most like one's: n_shared of the
-- tokens that it promotes and suppresses most (those in neuron_vocabulary) stand on the other's list
-- of the same side, or, where opposite is true, on that of the other side.
CREATE OR REPLACE MACRO neurons_promoting_alike(model, layer, neuron, k := 10) AS TABLE
WITH
own AS MATERIALIZED (
    SELECT v.sign, v.token_id, v.token
    FROM lake.neuron_vocabulary_of(model) AS v
    WHERE v.layer = layer AND v.neuron = neuron
),
size AS (SELECT count(*) AS n_tokens FROM own),
shared AS (
    SELECT
        v.layer, v.neuron, v.sign <> o.sign AS opposite, count(*) AS n_shared,
        list(o.token ORDER BY v.rank, o.token) AS tokens
    FROM lake.neuron_vocabulary_of(model) AS v
    JOIN own AS o ON o.token_id = v.token_id
    WHERE NOT (v.layer = layer AND v.neuron = neuron)
    GROUP BY v.layer, v.neuron, opposite
)
SELECT s.layer, s.neuron, s.opposite, s.n_shared, z.n_tokens, s.tokens
FROM shared AS s
CROSS JOIN size AS z
ORDER BY s.n_shared DESC, s.layer, s.neuron, s.opposite
LIMIT k;
