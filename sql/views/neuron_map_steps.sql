CREATE OR REPLACE VIEW neuron_map_steps AS
SELECT
    t.model, t.step, t.layer, t.neuron, t.x, t.y, t.cluster
FROM lake.neuron_map_steps AS t;
