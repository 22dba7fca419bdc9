-- What changing a fact's neurons does to its answer at each step of training, and what the controls
-- do: ratio is the change of the answer's probability, summed over the fact's wordings, over that
-- before; low and high are the changes in the least and the most changed wording.
CREATE OR REPLACE MACRO fact_effects(model, fact) AS TABLE
SELECT
    m.step, i.kind, i.control,
    any_value(i.factor) AS factor,
    any_value(i.n_neurons) AS n_neurons,
    count(*) AS n,
    avg(i.probability_before) AS before,
    avg(i.probability_after) AS after,
    sum(i.probability_after) / nullif(sum(i.probability_before), 0) - 1 AS ratio,
    min(i.probability_after / nullif(i.probability_before, 0) - 1) AS low,
    max(i.probability_after / nullif(i.probability_before, 0) - 1) AS high
FROM model_steps(model) AS m
JOIN interventions AS i ON i.model = m.model
WHERE i.fact_id = fact
GROUP BY m.step, i.kind, i.control
ORDER BY m.step, i.kind, i.control;
