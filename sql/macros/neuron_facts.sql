-- The facts that share a knowledge neuron, highest score first: share is that of the fact's prompts
-- that have it in their coarse set; on_demand: the fact was asked on demand; causal, specific: the
-- verdicts on suppressing the fact's knowledge neurons (all of them together), null where there is
-- none.
CREATE OR REPLACE MACRO neuron_facts(model, layer, neuron) AS TABLE
WITH
judged AS (
    SELECT
        v.fact_id,
        any_value(v.verdict) FILTER (v.claim = 'causal') AS causal,
        any_value(v.verdict) FILTER (v.claim = 'specific') AS specific
    FROM every_verdict AS v
    WHERE v.model = model AND v.kind = 'suppress'
    GROUP BY v.fact_id
)
SELECT
    f.fact_id, f.relation, f.subject, f.object, k.share, k.score, k.on_demand, j.causal, j.specific
FROM every_knowledge_neuron AS k
JOIN atlases AS a ON a.model = k.model
JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = k.fact_id
LEFT JOIN judged AS j ON j.fact_id = k.fact_id
WHERE k.model = model AND k.layer = layer AND k.neuron = neuron
ORDER BY k.score DESC, f.fact_id;
