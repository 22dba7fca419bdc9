-- Effect of interventions on a fact at each checkpoint in log-odds of its answer, with 95 %
-- intervals: the fact's knowledge neurons at that checkpoint, the controls, and the knowledge
-- neurons of the final checkpoint; n_sets counts the sets of neurons, or the other facts.
CREATE OR REPLACE MACRO fact_log_odds_by_step(model, fact) AS TABLE
SELECT
    m.step, e.kind, e.condition, e.n_neurons, e.n_prompts, e.n_sets, e.log_odds, e.ci_low, e.ci_high,
    e.difference, e.difference_low, e.difference_high
FROM model_steps(model) AS m
JOIN every_effect AS e ON e.model = m.model
WHERE e.fact_id = fact
ORDER BY m.step, e.kind, e.condition;
