-- The neurons that fired in a prompt, for each token layer by layer, the strongest first.
-- A token at which no neuron fired has no row: prompt_tokens has them all.
CREATE OR REPLACE MACRO heatmap(model, prompt) AS TABLE
SELECT a.position, t.token, a.layer, a.neuron, a.activation
FROM lake.activations_of(model, prompt) AS a
JOIN lake.tokens_of(model) AS t ON t.position = a.position
WHERE t.prompt_id = prompt
ORDER BY a.position, a.layer, abs(a.activation) DESC, a.neuron;
