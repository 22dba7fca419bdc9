-- Where a fact lies through training: the attribution mass of each layer at each step, which is the
-- sum of the scores of all its neurons, mean over the fact's wordings. It is nearly the drop of the
-- answer's probability when the whole layer is set to 0 (drop).
CREATE OR REPLACE MACRO fact_mass(model, fact) AS TABLE
SELECT m.step, e.layer, avg(e.total) AS mass, avg(e.difference) AS drop
FROM model_steps(model) AS m
JOIN attribution_error AS e ON e.model = m.model
WHERE e.fact_id = fact
GROUP BY m.step, e.layer
ORDER BY m.step, e.layer;
