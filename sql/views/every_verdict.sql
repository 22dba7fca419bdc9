-- Verdicts on facts: the stored ones, and of facts that have none those made on demand.
CREATE OR REPLACE VIEW every_verdict AS
SELECT
    s.model, s.fact_id, s.kind, s.claim, s.verdict, s.control, s.sentence, s.n_neurons,
    s.n_prompts, s.log_odds, s.ci_low, s.ci_high, s.fact_set,
    false AS on_demand
FROM verdicts AS s
UNION ALL
SELECT
    t.model, t.fact_id, t.kind, t.claim, t.verdict, t.control, t.sentence, t.n_neurons,
    t.n_prompts, t.log_odds, t.ci_low, t.ci_high, t.fact_set,
    true AS on_demand
FROM asked_verdicts AS t
ANTI JOIN attribution_error AS s ON s.model = t.model AND s.fact_id = t.fact_id;
