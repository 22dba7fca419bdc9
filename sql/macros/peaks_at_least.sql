-- Of values of neurons, three lists of one length, in how many prompts each neuron's peak (attention
-- sinks left out) is at least as large, by absolute value. `place` counts from 1.
CREATE OR REPLACE MACRO peaks_at_least(model, layers, neurons, activations) AS TABLE
WITH
cells AS (
    SELECT
        unnest(range(1, len(layers) + 1)) AS place,
        unnest(layers) AS layer,
        unnest(neurons) AS neuron,
        unnest(activations) AS activation
)
SELECT
    c.place, c.layer, c.neuron, c.activation,
    count(p.activation) AS n_prompts
FROM cells AS c
LEFT JOIN neuron_peaks AS p
    ON p.model = model AND p.layer = c.layer AND p.neuron = c.neuron
    AND abs(p.activation) >= abs(c.activation)
GROUP BY c.place, c.layer, c.neuron, c.activation
ORDER BY c.place;
