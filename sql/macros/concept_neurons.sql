-- The k neurons whose peaks mark a value (of country, continent, capital or population) most
-- surely: by q-value, then AUROC. Case and accents don't count; an attribute need be given only
-- where two have a value of the same name.
CREATE OR REPLACE MACRO concept_neurons(model, value, attribute := NULL, k := 20) AS TABLE
SELECT
    c.layer, c.neuron, c.attribute, c.value, c.n, c.precision, c.recall, c.lift, c.auroc, c.q_value
FROM neuron_concepts AS c
WHERE c.model = model
    AND fold(c.value) = fold(value)
    AND (attribute IS NULL OR lower(c.attribute) = lower(attribute))
ORDER BY c.q_value, c.auroc DESC, c.layer, c.neuron
LIMIT k;
