CREATE OR REPLACE VIEW neuron_steps AS
SELECT
    t.model, t.step, t.layer, t.neuron, t.firing_rate, t.alive, t.final_overlap
FROM lake.neuron_steps AS t;
