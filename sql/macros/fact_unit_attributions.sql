-- Single units at single tokens of the prompt that a fact's circuit was chosen on: the mean estimate
-- over contrasts and, where it was measured, the effect of patching each alone, in logits.
CREATE OR REPLACE MACRO fact_unit_attributions(model, fact) AS TABLE
WITH mine AS (
    SELECT t.*
    FROM unit_attributions AS t
    WHERE t.model = model AND t.fact_id = fact
)
SELECT
    m.prompt, m.kind, m.layer, m.unit, m.position, m.token, m.role, m.score AS estimate,
    p.score AS effect
FROM mine AS m
LEFT JOIN mine AS p
    ON p.method = 'patching' AND p.prompt = m.prompt AND p.kind = m.kind AND p.layer = m.layer
    AND p.unit = m.unit AND p.position = m.position
WHERE m.method <> 'patching' AND m.contrast = -1
ORDER BY abs(coalesce(p.score, m.score)) DESC, m.kind, m.layer, m.position, m.unit;
