-- The tokens that the neurons in a polygon on the map promote, by number of neurons.
CREATE OR REPLACE MACRO region_vocabulary(model, corners) AS TABLE
SELECT v.token, count(*) AS n
FROM neuron_points(model) AS p
JOIN lake.neuron_vocabulary_of(model) AS v ON v.layer = p.layer AND v.neuron = p.neuron
WHERE v.sign = 1 AND inside(p.x, p.y, corners)
GROUP BY v.token
ORDER BY n DESC, v.token;
