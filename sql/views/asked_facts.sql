CREATE OR REPLACE VIEW asked_facts AS
SELECT
    t.model, t.fact_id, t.text, t.answer, t.what, t.attributed, t.share, t.share_of, t.seconds,
    t.asked_at, t.fact_set, t.run
FROM lake.asked_facts AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set
QUALIFY row_number() OVER (PARTITION BY t.model, t.fact_id ORDER BY t.asked_at DESC, t.run) = 1;
