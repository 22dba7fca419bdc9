-- The facts that share a knowledge neuron, highest score first: share is that of the fact's prompts
-- that have it in their coarse set; on_demand: the fact was asked on demand.
CREATE OR REPLACE MACRO neuron_facts(model, layer, neuron) AS TABLE
SELECT f.fact_id, f.relation, f.subject, f.object, k.share, k.score, k.on_demand
FROM every_knowledge_neuron AS k
JOIN atlases AS a ON a.model = k.model
JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = k.fact_id
WHERE k.model = model AND k.layer = layer AND k.neuron = neuron
ORDER BY k.score DESC, f.fact_id;
