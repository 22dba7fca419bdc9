CREATE OR REPLACE VIEW neuron_vocabulary_linear AS
SELECT
    t.model, t.layer, t.neuron, t.sign, t.rank, t.token_id, t.token, t.score
FROM lake.neuron_vocabulary_linear AS t;
