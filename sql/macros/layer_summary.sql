-- The layers of a model: thresholds, and firing of their neurons, attention sinks left out.
CREATE OR REPLACE MACRO layer_summary(model) AS TABLE
SELECT
    n.layer,
    any_value(h.threshold) AS threshold,
    count(*) AS n_neurons,
    sum(n.n_fired)::BIGINT AS n_fired,
    avg(n.firing_rate) AS firing_rate,
    max(n.firing_rate) AS max_firing_rate,
    count(*) FILTER (n.n_fired = 0) AS n_silent
FROM neurons AS n
LEFT JOIN thresholds AS h ON h.model = n.model AND h.layer = n.layer
WHERE n.model = model
GROUP BY n.layer
ORDER BY n.layer;
