CREATE OR REPLACE VIEW neuron_map AS
SELECT
    t.model, t.layer, t.neuron, t.x, t.y, t.cluster
FROM lake.neuron_map AS t;
