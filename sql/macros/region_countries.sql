-- The countries of the points in a polygon on the map of neurons (kind 'neuron') or prompts
-- ('prompt'): n of total points in it; lift is the country's share there over its share on the
-- whole map. A neuron's country is that of its top activating prompt; those that never fired are on no
-- map.
CREATE OR REPLACE MACRO region_countries(model, kind, corners) AS TABLE
WITH
points AS (
    SELECT n.country, n.x, n.y FROM neuron_points(model) AS n
    WHERE kind = 'neuron' AND n.x IS NOT NULL
    UNION ALL
    SELECT p.country, p.x, p.y FROM prompt_points(model) AS p WHERE kind = 'prompt'
),
counts AS (SELECT p.country, count(*) AS n FROM points AS p GROUP BY p.country),
within AS (
    SELECT p.country, count(*) AS n
    FROM points AS p
    WHERE inside(p.x, p.y, corners)
    GROUP BY p.country
)
SELECT
    w.country, w.n, (sum(w.n) OVER ())::BIGINT AS total,
    (w.n / sum(w.n) OVER ()) / (c.n / (SELECT sum(n) FROM counts)) AS lift
FROM within AS w
JOIN counts AS c ON c.country IS NOT DISTINCT FROM w.country
ORDER BY w.n DESC, w.country;
