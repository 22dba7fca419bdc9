-- Values of an attribute (country, continent, capital, population) that a text names or begins, and
-- for each the k neurons whose peaks mark it most surely, as in concept_neurons. Case and accents
-- are ignored; exact names come first, then those with more prompts.
CREATE OR REPLACE MACRO search_concepts(model, text, k) AS TABLE
WITH
wanted AS (SELECT fold(trim(text)) AS word),
concepts AS (
    SELECT DISTINCT c.attribute, c.value FROM lake.neuron_concepts_of(model) AS c
),
named AS (
    SELECT t.attribute, t.value, fold(t.value) = w.word AS exact
    FROM concepts AS t, wanted AS w
    WHERE w.word <> '' AND starts_with(fold(t.value), w.word)
)
SELECT
    c.attribute, c.value, c.layer, c.neuron, c.n, c.precision, c.recall, c.lift, c.auroc,
    c.auroc_low, c.q_value, c.n_fired, c.n_both
FROM lake.neuron_concepts_of(model) AS c
JOIN named AS d ON d.attribute = c.attribute AND d.value = c.value
QUALIFY row_number() OVER (
    PARTITION BY c.attribute, c.value ORDER BY c.auroc_low DESC, c.q_value, c.layer, c.neuron
) <= k
ORDER BY d.exact DESC, max(c.n) OVER (PARTITION BY c.attribute, c.value) DESC, c.attribute,
    c.value, c.auroc_low DESC, c.q_value, c.layer, c.neuron;
