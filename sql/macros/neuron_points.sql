-- The map of neurons: coordinates, firing rates, and the city of each top activating prompt.
CREATE OR REPLACE MACRO neuron_points(model) AS TABLE
SELECT
    m.x, m.y, m.cluster, m.layer, m.neuron, n.firing_rate, n.top_activation,
    n.top_prompt_id AS prompt_id, c.name, c.country, c.continent
FROM neuron_map AS m
LEFT JOIN neurons AS n ON n.model = m.model AND n.layer = m.layer AND n.neuron = m.neuron
LEFT JOIN atlas_cities(model) AS c ON c.prompt_id = n.top_prompt_id
WHERE m.model = model
ORDER BY m.layer, m.neuron;
