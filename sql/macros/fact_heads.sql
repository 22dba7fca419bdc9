-- The attention heads of a fact's circuit: from which token to which, what each writes toward the answer
-- from there (direct) and through later units (relevance), and of the whole head its estimate, its
-- effect by patching, and the share lost when it alone no longer sees the subject.
CREATE OR REPLACE MACRO fact_heads(model, fact) AS TABLE
WITH whole AS (
    SELECT
        u.layer, u.unit, u.position, any_value(u.score) FILTER (u.method <> 'patching') AS estimate,
        any_value(u.score) FILTER (u.method = 'patching') AS effect
    FROM unit_attributions AS u
    WHERE u.model = model AND u.fact_id = fact AND u.kind = 'head'
        AND (u.contrast = -1 OR u.method = 'patching')
    GROUP BY ALL
), cut AS (
    SELECT k.first_layer AS layer, k.head, k.position, k.lost
    FROM attention_knockout AS k
    WHERE k.model = model AND k.fact_id = fact AND k.head >= 0
)
SELECT
    t.layer, t.head, t.position, t.source_position, t.source_token, t.weight, t.direct, t.relevance,
    sum(t.direct) OVER (PARTITION BY t.layer, t.head, t.position) AS written, w.estimate, w.effect,
    c.lost
FROM circuit_heads AS t
LEFT JOIN whole AS w ON w.layer = t.layer AND w.unit = t.head AND w.position = t.position
LEFT JOIN cut AS c ON c.layer = t.layer AND c.head = t.head AND c.position = t.position
WHERE t.model = model AND t.fact_id = fact
ORDER BY abs(coalesce(t.relevance, t.direct)) DESC, t.layer, t.head, t.position, t.source_position;
