CREATE OR REPLACE VIEW neuron_peaks AS
SELECT
    t.model, t.layer, t.neuron, t.prompt_id, t.position, t.activation
FROM lake.neuron_peaks AS t;
