CREATE OR REPLACE VIEW neuron_top AS
SELECT
    t.model, t.layer, t.neuron, t.sign, t.rank, t.prompt_id, t.position, t.activation
FROM lake.neuron_top AS t;
