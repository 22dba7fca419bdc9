-- The neurons that words name, and how (found_as): a neuron by its numbers ('neuron', from 17/498),
-- those whose top activating prompt is of a city ('city'), a country or a continent of that name, and
-- those that promote it as a token ('promotes'). Names are found by whole words, without case and
-- accents. A neuron that never fired has no top activating prompt.
CREATE OR REPLACE MACRO neurons_found(model, words) AS TABLE
WITH
points AS (FROM neuron_points(model)),
named AS (
    SELECT p.layer, p.neuron, 'city' AS found_as FROM points AS p
    WHERE contains(spaced(p.name), spaced(words))
    UNION ALL
    SELECT p.layer, p.neuron, 'country' FROM points AS p
    WHERE contains(spaced(p.country), spaced(words))
    UNION ALL
    SELECT p.layer, p.neuron, 'continent' FROM points AS p
    WHERE contains(spaced(p.continent), spaced(words))
    UNION ALL
    SELECT DISTINCT v.layer, v.neuron, 'promotes' FROM lake.neuron_vocabulary_of(model) AS v
    WHERE v.sign = 1 AND spaced(v.token) = spaced(words)
)
SELECT p.layer, p.neuron, 'neuron' AS found_as FROM points AS p
WHERE regexp_matches(trim(words), '^\d+\s*[/:]\s*\d+$')
    AND concat_ws('/', p.layer, p.neuron) = regexp_replace(trim(words), '^0*(\d+)\s*[/:]\s*0*(\d+)$', '\1/\2')
UNION ALL
SELECT n.layer, n.neuron, n.found_as FROM named AS n
WHERE length(spaced(words)) > 2
ORDER BY layer, neuron, found_as;
