-- Effect of interventions on a fact at each checkpoint, with controls: relative_change is the
-- change of the answer's probability, summed over the fact's prompts, over that before; min_change
-- and max_change are those of the least and the most changed prompt. n_prompts: different
-- prompts; n_sets: sets of neurons, or other facts, that a control drew.
CREATE OR REPLACE MACRO fact_effects_by_step(model, fact) AS TABLE
SELECT
    m.step, i.kind, i.condition,
    any_value(i.factor) AS factor,
    any_value(i.n_neurons) AS n_neurons,
    count(DISTINCT (i.prompt_fact_id, i.prompt)) AS n_prompts,
    count(DISTINCT coalesce(i.draw, 0)) AS n_sets,
    avg(i.probability_before) AS mean_before,
    avg(i.probability_after) AS mean_after,
    sum(i.probability_after) / nullif(sum(i.probability_before), 0) - 1 AS relative_change,
    min(i.probability_after / nullif(i.probability_before, 0) - 1) AS min_change,
    max(i.probability_after / nullif(i.probability_before, 0) - 1) AS max_change
FROM model_steps(model) AS m
JOIN every_intervention AS i ON i.model = m.model
WHERE i.fact_id = fact
GROUP BY m.step, i.kind, i.condition
ORDER BY m.step, i.kind, i.condition;
