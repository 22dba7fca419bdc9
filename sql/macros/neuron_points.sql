-- The map of neurons: coordinates, firing rates, and the city of each top activating prompt. A neuron
-- that never fired has neither a place nor a prompt: its strongest value is below its threshold.
CREATE OR REPLACE MACRO neuron_points(model) AS TABLE
SELECT
    CASE WHEN n.n_fired = 0 THEN NULL ELSE m.x END AS x,
    CASE WHEN n.n_fired = 0 THEN NULL ELSE m.y END AS y,
    m.cluster, m.layer, m.neuron, n.n_fired, n.firing_rate, n.top_activation,
    CASE WHEN n.n_fired = 0 THEN NULL ELSE n.top_prompt_id END AS prompt_id,
    c.name, c.country, c.continent
FROM neuron_map AS m
LEFT JOIN neurons AS n ON n.model = m.model AND n.layer = m.layer AND n.neuron = m.neuron
LEFT JOIN atlas_cities(model) AS c ON c.prompt_id = n.top_prompt_id AND n.n_fired > 0
WHERE m.model = model
ORDER BY m.layer, m.neuron;
