CREATE OR REPLACE VIEW activations_by_neuron AS
SELECT
    t.model, t.layer, t.neuron, t.prompt_id, t.position, t.activation
FROM lake.activations_by_neuron AS t;
