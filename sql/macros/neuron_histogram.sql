-- A neuron's activations over all tokens of the corpus but attention sinks, from the lowest: bars of
-- one width from the threshold outwards, `bars` of them to the largest |activation|. Bar i of the
-- positive half (sign 1) counts lower <= activation < upper, that of the negative half (sign -1)
-- lower < activation <= upper, the outermost bars their end too. Values below the threshold aren't
-- stored: sign 0 is the one bar of all tokens at which it didn't fire. None where an atlas has no
-- statistics yet: what isn't there didn't stay below the threshold.
CREATE OR REPLACE MACRO neuron_histogram(model, layer, neuron, bars := 20) AS TABLE
WITH
sizes AS MATERIALIZED (
    SELECT f.sign, abs(f.activation)::DOUBLE AS size FROM neuron_firings(model, layer, neuron) AS f
),
read AS (SELECT count(*) AS n_tokens FROM lake.tokens_of(model) AS t WHERE NOT t.sink),
scale AS MATERIALIZED (
    SELECT
        any_value(h.threshold)::DOUBLE AS threshold,
        any_value(z.largest) AS largest,
        any_value(z.n_fired) AS n_fired
    FROM thresholds AS h
    CROSS JOIN (SELECT max(s.size) AS largest, count(*) AS n_fired FROM sizes AS s) AS z
    SEMI JOIN lake.neurons_of(model) AS m ON m.layer = layer AND m.neuron = neuron
    WHERE h.model = model AND h.layer = layer
),
edges AS MATERIALIZED (
    SELECT
        i.bar,
        s.threshold + i.bar * ((s.largest - s.threshold) / bars) AS lower,
        CASE
            WHEN i.bar + 1 = bars THEN s.largest
            ELSE s.threshold + (i.bar + 1) * ((s.largest - s.threshold) / bars)
        END AS upper
    FROM scale AS s
    CROSS JOIN (SELECT unnest(range(bars)) AS bar) AS i
    WHERE s.largest IS NOT NULL
),
placed AS (
    SELECT s.sign, e.bar, count(*) AS n
    FROM sizes AS s
    ASOF JOIN edges AS e ON s.size >= e.lower
    GROUP BY s.sign, e.bar
),
outermost AS (SELECT p.sign, max(p.bar) AS bar FROM placed AS p GROUP BY p.sign),
drawn AS (
    SELECT
        o.sign,
        CASE WHEN o.sign = 1 THEN e.lower ELSE -e.upper END AS lower,
        CASE WHEN o.sign = 1 THEN e.upper ELSE -e.lower END AS upper,
        coalesce(p.n, 0) AS n
    FROM outermost AS o
    JOIN edges AS e ON e.bar <= o.bar
    LEFT JOIN placed AS p ON p.sign = o.sign AND p.bar = e.bar
    UNION ALL
    SELECT 0, -s.threshold, s.threshold, r.n_tokens - s.n_fired
    FROM scale AS s
    CROSS JOIN read AS r
    WHERE s.threshold IS NOT NULL
)
SELECT d.sign::TINYINT AS sign, d.lower, d.upper, d.n::BIGINT AS n
FROM drawn AS d
ORDER BY d.lower;
