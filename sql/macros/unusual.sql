-- The neurons that fired in a prompt, with how unusual the value is for each: the share of the
-- atlas' prompts in which its peak (attention sinks left out) is at least as large, by absolute
-- value, and how often it fires at all; the rarest first at each token. Counted from neuron_peaks.
CREATE OR REPLACE MACRO unusual(model, prompt) AS TABLE
WITH
cells AS (
    SELECT a.position, a.layer, a.neuron, a.activation
    FROM lake.activations_of(model, prompt) AS a
),
higher AS (
    SELECT c.position, c.layer, c.neuron, count(*) AS n_prompts
    FROM cells AS c
    JOIN neuron_peaks AS p ON p.layer = c.layer AND p.neuron = c.neuron
    WHERE p.model = model AND abs(p.activation) >= abs(c.activation)
    GROUP BY c.position, c.layer, c.neuron
),
size AS (
    SELECT count(*) AS n_prompts
    FROM lake.tokens_of(model) AS t
    WHERE t.position = 0
)
SELECT
    c.position, t.token, c.layer, c.neuron, c.activation,
    coalesce(h.n_prompts, 0) AS n_prompts,
    coalesce(h.n_prompts, 0) / size.n_prompts AS share_of_prompts,
    n.firing_rate
FROM cells AS c
CROSS JOIN size
JOIN lake.tokens_of(model) AS t ON t.prompt_id = prompt AND t.position = c.position
LEFT JOIN higher AS h
    ON h.position = c.position AND h.layer = c.layer AND h.neuron = c.neuron
LEFT JOIN lake.neurons_of(model) AS n ON n.layer = c.layer AND n.neuron = c.neuron
ORDER BY c.position, share_of_prompts, abs(c.activation) DESC, c.layer, c.neuron;
