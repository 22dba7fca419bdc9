-- The k neurons whose peak in a prompt stands out most from what they do elsewhere:
-- z = (peak - mean) / std of the neuron over all tokens. Position 0 is left out.
CREATE OR REPLACE MACRO prompt_neurons(model, prompt, k) AS TABLE
WITH
peaks AS (
    SELECT
        a.layer, a.neuron,
        arg_max(a.activation, abs(a.activation)) AS peak,
        arg_max(a.position, abs(a.activation)) AS peak_position
    FROM activations AS a
    WHERE a.model = model AND a.prompt_id = prompt AND a.position > 0
    GROUP BY a.layer, a.neuron
)
SELECT
    p.layer, p.neuron, p.peak_position, t.token, p.peak,
    (p.peak - n.mean) / nullif(n.std, 0) AS z,
    n.firing_rate
FROM peaks AS p
JOIN neurons AS n ON n.model = model AND n.layer = p.layer AND n.neuron = p.neuron
JOIN tokens AS t ON t.model = model AND t.prompt_id = prompt AND t.position = p.peak_position
ORDER BY abs((p.peak - n.mean) / nullif(n.std, 0)) DESC NULLS LAST, p.layer, p.neuron
LIMIT k;
