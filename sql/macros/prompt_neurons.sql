-- The k neurons with the most unusual peaks in a prompt:
-- z = (peak - mean) / std of the neuron over all tokens. Attention sinks are left out.
CREATE OR REPLACE MACRO prompt_neurons(model, prompt, k) AS TABLE
WITH
peaks AS (
    SELECT
        a.layer, a.neuron,
        arg_max(a.activation, abs(a.activation)) AS peak,
        arg_max(a.position, abs(a.activation)) AS peak_position
    FROM lake.activations_of(model, prompt) AS a
    JOIN lake.tokens_of(model) AS t ON t.prompt_id = prompt AND t.position = a.position
    WHERE NOT coalesce(t.sink, t.position = 0)  -- earlier versions took position 0 for one
    GROUP BY a.layer, a.neuron
)
SELECT
    p.layer, p.neuron, p.peak_position, t.token, p.peak,
    (p.peak - n.mean) / nullif(n.std, 0) AS z,
    n.firing_rate
FROM peaks AS p
JOIN lake.neurons_of(model) AS n ON n.layer = p.layer AND n.neuron = p.neuron
JOIN lake.tokens_of(model) AS t ON t.prompt_id = prompt AND t.position = p.peak_position
ORDER BY abs((p.peak - n.mean) / nullif(n.std, 0)) DESC NULLS LAST, p.layer, p.neuron
LIMIT k;
