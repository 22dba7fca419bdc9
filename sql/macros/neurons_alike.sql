-- The k neurons that behave most like one: by the cosine of their peaks over the prompts (attention
-- sinks left out, 0 where a neuron didn't fire), as the map of neurons places them. A cosine below 0
-- is of opposite signs; shared: prompts in which both fired.
CREATE OR REPLACE MACRO neurons_alike(model, layer, neuron, k := 10) AS TABLE
WITH
own AS MATERIALIZED (
    SELECT p.prompt_id, p.activation::DOUBLE AS activation
    FROM lake.neuron_peaks_of(model, layer) AS p
    WHERE p.neuron = neuron
),
size AS (SELECT sqrt(sum(o.activation * o.activation)) AS norm FROM own AS o),
others AS (
    SELECT
        p.layer, p.neuron,
        sum(p.activation * o.activation) AS product,
        sqrt(sum(p.activation::DOUBLE * p.activation)) AS norm,
        count(o.prompt_id) AS shared, count(*) AS n_prompts
    FROM neuron_peaks AS p
    LEFT JOIN own AS o ON o.prompt_id = p.prompt_id
    WHERE p.model = model
    GROUP BY p.layer, p.neuron
)
SELECT
    t.layer, t.neuron, t.product / (t.norm * s.norm) AS cosine, t.shared, t.n_prompts
FROM others AS t
CROSS JOIN size AS s
WHERE t.shared > 0 AND NOT (t.layer = layer AND t.neuron = neuron)
ORDER BY abs(cosine) DESC, t.layer, t.neuron
LIMIT k;
