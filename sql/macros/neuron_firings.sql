-- Every token at which a neuron fired, attention sinks left out, strongest first: sign is 1 where its
-- activation is positive and -1 where it is negative.
CREATE OR REPLACE MACRO neuron_firings(model, layer, neuron) AS TABLE
SELECT
    sign(f.activation)::TINYINT AS sign, f.prompt_id, f.position, t.token, f.activation
FROM lake.activations_by_neuron_of(model, layer) AS f
JOIN lake.tokens_of(model) AS t ON t.prompt_id = f.prompt_id AND t.position = f.position
WHERE f.neuron = neuron AND NOT t.sink
ORDER BY abs(f.activation) DESC, f.prompt_id, f.position;
