-- The k neurons whose peaks mark a value (of country, continent, capital or population) most
-- surely: by auroc_low, the lower end of AUROC's 95 % interval, so that few prompts don't win by
-- chance. n: prompts with the value; n_fired: prompts where the neuron fired; n_both: both. Case
-- and accents don't count; an attribute need be given only where two have a value of the same name.
CREATE OR REPLACE MACRO concept_neurons(model, value, attribute := NULL, k := 20) AS TABLE
SELECT
    c.layer, c.neuron, c.attribute, c.value, c.n, c.precision, c.recall, c.lift, c.auroc,
    c.auroc_low, c.q_value, c.n_fired, c.n_both
FROM neuron_concepts AS c
WHERE c.model = model
    AND fold(c.value) = fold(value)
    AND (attribute IS NULL OR lower(c.attribute) = lower(attribute))
ORDER BY c.auroc_low DESC, c.q_value, c.layer, c.neuron
LIMIT k;
