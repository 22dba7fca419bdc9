-- The map of neurons at one checkpoint. Coordinates are comparable from a checkpoint to the next,
-- since each map starts from the one before.
CREATE OR REPLACE MACRO neuron_points_at_step(model, step) AS TABLE
SELECT p.layer, p.neuron, p.x, p.y, p.cluster
FROM neuron_map_steps AS p
WHERE p.model = split_part(model, '@', 1) AND p.step = step
ORDER BY p.layer, p.neuron;
