-- What the neurons of a fact's circuit promote and suppress, in order, as the linear lens reads what
-- they write: early layers' too. circuit: 'all' or 'specific'. rank is the neuron's first in the
-- circuit, which may have it at several tokens.
CREATE OR REPLACE MACRO circuit_vocabulary(model, fact, circuit := 'all') AS TABLE
WITH
of_circuit AS (
    SELECT u.layer, u.unit AS neuron, min(u.rank) AS rank
    FROM circuit_units AS u
    WHERE u.model = model AND u.fact_id = fact AND u.circuit = circuit AND u.kind = 'neuron'
    GROUP BY u.layer, u.unit
)
SELECT
    c.rank, c.layer, c.neuron,
    list(v.token ORDER BY v.rank) FILTER (v.sign = 1) AS promoted,
    list(v.token ORDER BY v.rank) FILTER (v.sign = -1) AS suppressed
FROM of_circuit AS c
JOIN lake.neuron_vocabulary_linear_of(model) AS v ON v.layer = c.layer AND v.neuron = c.neuron
GROUP BY c.rank, c.layer, c.neuron
ORDER BY c.rank;
