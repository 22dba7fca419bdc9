-- Attention knockout of a fact: share of its logit difference lost where some tokens no longer see
-- others in a window of layers. head: -1 where all heads of the layers are changed.
CREATE OR REPLACE MACRO fact_knockout(model, fact) AS TABLE
SELECT
    t.from_role, t.to_role, t.first_layer, t.last_layer, t.head, t.position, t.difference_before,
    t.difference_after, t.lost
FROM attention_knockout AS t
WHERE t.model = model AND t.fact_id = fact
ORDER BY t.head >= 0, t.from_role, t.to_role, t.first_layer, t.last_layer, t.head, t.position;
