-- The knowledge neurons of a fact, highest score first, with their firing rates and the tokens that
-- their value vectors promote.
CREATE OR REPLACE MACRO fact_neurons(model, fact) AS TABLE
SELECT
    k.layer, k.neuron, k.share, k.score,
    any_value(n.firing_rate) AS firing_rate,
    list(v.token ORDER BY v.rank) FILTER (v.token IS NOT NULL) AS promotes
FROM every_knowledge_neuron AS k
LEFT JOIN neurons AS n ON n.model = k.model AND n.layer = k.layer AND n.neuron = k.neuron
LEFT JOIN neuron_vocabulary AS v
    ON v.model = k.model AND v.layer = k.layer AND v.neuron = k.neuron AND v.sign = 1
WHERE k.model = model AND k.fact_id = fact
GROUP BY k.layer, k.neuron, k.share, k.score
ORDER BY k.score DESC, k.layer, k.neuron;
