-- The k neurons whose peaks mark one value of an attribute (country, continent, capital,
-- population) most surely: by q-value, then AUROC. Case doesn't count.
CREATE OR REPLACE MACRO concept_neurons(model, attribute, value, k) AS TABLE
SELECT
    c.layer, c.neuron, c.n, c.precision, c.recall, c.lift, c.auroc, c.q_value
FROM neuron_concepts AS c
WHERE c.model = model
    AND lower(c.attribute) = lower(attribute)
    AND lower(c.value) = lower(value)
ORDER BY c.q_value, c.auroc DESC, c.layer, c.neuron
LIMIT k;
