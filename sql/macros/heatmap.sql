-- The neurons that fired in a prompt, for each token layer by layer, the strongest first.
-- A token at which no neuron fired has no row: prompt_tokens has them all.
CREATE OR REPLACE MACRO heatmap(model, prompt) AS TABLE
SELECT a.position, t.token, a.layer, a.neuron, a.activation
FROM activations AS a
JOIN tokens AS t ON t.position = a.position
WHERE
    a.model = model AND a.prompt_id = prompt
    AND t.model = model AND t.prompt_id = prompt
ORDER BY a.position, a.layer, abs(a.activation) DESC, a.neuron;
