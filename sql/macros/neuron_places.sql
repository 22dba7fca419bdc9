-- Where each neuron lies on the map of one step of training; places are comparable from a step to
-- the next, since each map begins where the one before ended.
CREATE OR REPLACE MACRO neuron_places(model, step) AS TABLE
SELECT p.layer, p.neuron, p.x, p.y, p.cluster
FROM neuron_map_steps AS p
WHERE p.model = split_part(model, '@', 1) AND p.step = step
ORDER BY p.layer, p.neuron;
