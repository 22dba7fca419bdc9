-- What changing the facts' own neurons does to the answers of a relation (or all) at each step of
-- training, and what the controls do: ratio is the mean change over the mean probability before,
-- with its 95 % interval over facts.
CREATE OR REPLACE MACRO relation_effects(model, relation) AS TABLE
SELECT
    m.step, e.kind, e.control, e.factor, e.mean_neurons AS n_neurons, e.n_facts AS n,
    e.mean_before AS before, e.mean_after AS after, e.ratio, e.low, e.high
FROM model_steps(model) AS m
JOIN intervention_effects AS e ON e.model = m.model
WHERE e.relation = relation
ORDER BY m.step, e.kind, e.control;
