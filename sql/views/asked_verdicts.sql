CREATE OR REPLACE VIEW asked_verdicts AS
SELECT
    t.model, t.fact_id, t.kind, t.claim, t.verdict, t.control, t.sentence, t.n_neurons,
    t.n_prompts, t.log_odds, t.ci_low, t.ci_high, t.fact_set, t.run
FROM lake.asked_verdicts AS t
SEMI JOIN asked_facts AS r ON r.model = t.model AND r.fact_id = t.fact_id AND r.run = t.run;
