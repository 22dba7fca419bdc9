-- A neuron's activations in a prompt, weighted by where attention looked, for each pair of
-- positions: weight = attention(layer, position -> source_position) * activation(source_position).
-- Attention is the mean over heads. An activation counts as 0 where the neuron did not fire at the
-- source, since values below the layer's threshold are not stored.
CREATE OR REPLACE MACRO attention_weighted(model, prompt, layer, neuron) AS TABLE
WITH
sources AS (
    SELECT t.position, t.token, coalesce(a.activation, 0) AS activation
    FROM lake.tokens_of(model) AS t
    LEFT JOIN (
        FROM lake.activations_of(model, prompt) AS f
        WHERE f.layer = layer AND f.neuron = neuron
    ) AS a ON a.position = t.position
    WHERE t.prompt_id = prompt
)
SELECT
    w.position,
    w.source_position,
    s.token AS source_token,
    w.weight AS attention,
    s.activation,
    w.weight * s.activation AS weight
FROM lake.attention_of(model, prompt) AS w
JOIN sources AS s ON s.position = w.source_position
WHERE w.layer = layer
ORDER BY w.position, w.source_position;
