-- Effect of interventions on the facts of a relation (or all) at each checkpoint, with controls:
-- relative_change is the mean change over the mean probability before, ci_low and ci_high its 95 %
-- interval over facts.
CREATE OR REPLACE MACRO relation_effects_by_step(model, relation) AS TABLE
SELECT
    m.step, e.kind, e.condition, e.factor, e.mean_neurons, e.n_facts, e.mean_before, e.mean_after,
    e.relative_change, e.ci_low, e.ci_high
FROM model_steps(model) AS m
JOIN intervention_effects AS e ON e.model = m.model
WHERE e.relation = relation
ORDER BY m.step, e.kind, e.condition;
