CREATE OR REPLACE VIEW asked_circuits AS
SELECT
    t.model, t.fact_id, t.text, t.contrast, t.answer, t.contrast_answer, t.answer_token,
    t.against_token, t.difference, t.n_units, t.seconds, t.asked_at, t.run
FROM lake.asked_circuits AS t
QUALIFY row_number() OVER (PARTITION BY t.model, t.fact_id ORDER BY t.asked_at DESC, t.run) = 1;
