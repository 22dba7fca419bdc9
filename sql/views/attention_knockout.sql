CREATE OR REPLACE VIEW attention_knockout AS
SELECT
    t.model, t.fact_id, t.prompt, t.first_layer, t.last_layer, t.head, t.position,
    t.from_role, t.to_role, t.difference_before, t.difference_after, t.lost, t.fact_set
FROM lake.attention_knockout AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
