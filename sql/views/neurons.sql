CREATE OR REPLACE VIEW neurons AS
SELECT
    t.model, t.layer, t.neuron, t.n_fired, t.firing_rate, t.mean, t.std, t.min, t.max,
    t.top_prompt_id, t.top_position, t.top_activation
FROM lake.neurons AS t;
