-- The neurons that words name, and how (found_as): a neuron by its numbers ('neuron', from 17/498),
-- those whose top activating prompt is of a city ('city'), a country or a continent of that name, and
-- those that promote it as a token ('promotes', without case and the spaces around it). Names are
-- found by whole words, without case and accents. A neuron that never fired has no top activating
-- prompt.
CREATE OR REPLACE MACRO neurons_found(model, words) AS TABLE
WITH
places AS (
    SELECT c.prompt_id, 'city' AS found_as FROM atlas_cities(model) AS c
    WHERE contains(spaced(c.name), spaced(words))
    UNION ALL
    SELECT c.prompt_id, 'country' FROM atlas_cities(model) AS c
    WHERE contains(spaced(c.country), spaced(words))
    UNION ALL
    SELECT c.prompt_id, 'continent' FROM atlas_cities(model) AS c
    WHERE contains(spaced(c.continent), spaced(words))
),
named AS (
    SELECT n.layer, n.neuron, p.found_as
    FROM lake.neurons_of(model) AS n
    JOIN places AS p ON p.prompt_id = n.top_prompt_id
    WHERE n.n_fired > 0 AND length(spaced(words)) > 2
    UNION ALL
    SELECT DISTINCT v.layer, v.neuron, 'promotes' FROM lake.neuron_vocabulary_of(model) AS v
    WHERE v.sign = 1 AND lower(trim(v.token)) = lower(trim(words)) AND trim(words) <> ''
    UNION ALL
    SELECT n.layer, n.neuron, 'neuron' FROM lake.neurons_of(model) AS n
    WHERE regexp_matches(trim(words), '^\d{1,6}\s*[/:]\s*\d{1,9}$')
        AND n.layer = TRY_CAST(regexp_extract(words, '(\d+)\s*[/:]', 1) AS BIGINT)
        AND n.neuron = TRY_CAST(regexp_extract(words, '[/:]\s*(\d+)', 1) AS BIGINT)
)
SELECT n.layer, n.neuron, n.found_as FROM named AS n
ORDER BY n.layer, n.neuron, n.found_as;
