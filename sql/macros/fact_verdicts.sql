-- The verdicts on the interventions on a fact, each in a sentence: claim causal, that its neurons
-- move its answer more than other neurons do, and specific, that they move it more than other facts
-- too, those about the same subject among them. positions: 'last', neurons changed at the last
-- token, or 'circuit', those of the fact's circuit where they were attributed.
CREATE OR REPLACE MACRO fact_verdicts(model, fact, positions := 'last') AS TABLE
WITH judged AS (
    SELECT
        v.kind, v.claim, v.verdict, v.control, v.sentence, v.n_neurons, v.n_prompts, v.log_odds,
        v.ci_low, v.ci_high
    FROM every_verdict AS v
    WHERE v.model = model AND v.fact_id = fact AND positions = 'last'
    UNION ALL
    SELECT
        c.kind, c.claim, c.verdict, c.control, c.sentence, c.n_neurons, c.n_prompts, c.log_odds,
        c.ci_low, c.ci_high
    FROM circuit_verdicts AS c
    WHERE c.model = model AND c.fact_id = fact AND positions = 'circuit'
)
SELECT
    j.kind, j.claim, j.verdict, j.control, j.sentence, j.n_neurons, j.n_prompts, j.log_odds,
    j.ci_low, j.ci_high
FROM judged AS j
ORDER BY j.kind DESC, j.claim;
