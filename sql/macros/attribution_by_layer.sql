-- Attribution of a fact by layer at each checkpoint: the sum of the scores of all neurons of a
-- layer, mean over the fact's prompts, and the drop of the answer's probability with the whole
-- layer at 0, which it approximates.
CREATE OR REPLACE MACRO attribution_by_layer(model, fact) AS TABLE
SELECT
    m.step, e.layer, avg(e.attribution_sum) AS attribution_sum,
    avg(e.probability_drop) AS probability_drop
FROM model_steps(model) AS m
JOIN attribution_error AS e ON e.model = m.model
WHERE e.fact_id = fact
GROUP BY m.step, e.layer
ORDER BY m.step, e.layer;
