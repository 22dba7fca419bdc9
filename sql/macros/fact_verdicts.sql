-- The verdicts on the interventions on a fact, each in a sentence: claim causal, that its neurons
-- move its answer more than other neurons do, and specific, that they move it more than other facts
-- too, those about the same subject among them.
CREATE OR REPLACE MACRO fact_verdicts(model, fact) AS TABLE
SELECT
    v.kind, v.claim, v.verdict, v.control, v.sentence, v.n_neurons, v.n_prompts, v.log_odds, v.ci_low,
    v.ci_high
FROM every_verdict AS v
WHERE v.model = model AND v.fact_id = fact
ORDER BY v.kind DESC, v.claim;
