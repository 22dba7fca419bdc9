CREATE OR REPLACE VIEW activations AS
SELECT
    t.model, t.prompt_id, t.position, t.layer, t.neuron, t.activation
FROM lake.activations AS t;
