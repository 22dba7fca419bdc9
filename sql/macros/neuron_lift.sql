-- The countries, continents and capitals among the prompts in which a neuron fired (attention sinks
-- left out), or one half of it (sign 1 or -1; null: either): n_both of its n_fired prompts have the
-- value, n of all n_prompts of the atlas. Lift is the share of its prompts over the corpus' share,
-- with a 95 % interval (Wilson's, of its share, over the corpus' share): 1 is no more than chance.
-- Prompts of which an attribute isn't known don't count for it. Surest surplus first.
CREATE OR REPLACE MACRO neuron_lift(model, layer, neuron, sign := NULL) AS TABLE
WITH
held AS MATERIALIZED (FROM atlas_prompts(model)),
valued AS (
    SELECT h.prompt_id, 'country' AS attribute, h.country AS value FROM held AS h
    UNION ALL
    SELECT h.prompt_id, 'continent', h.continent FROM held AS h
    UNION ALL
    SELECT h.prompt_id, 'capital', CASE WHEN h.is_capital THEN 'capital' ELSE 'no capital' END
    FROM held AS h
    WHERE h.is_capital IS NOT NULL
),
fired AS MATERIALIZED (
    SELECT DISTINCT f.prompt_id
    FROM neuron_firings(model, layer, neuron) AS f
    WHERE sign IS NULL OR f.sign = sign
),
counted AS (
    SELECT
        v.attribute, v.value, count(*) AS n, count(f.prompt_id) AS n_both,
        sum(count(*)) OVER (PARTITION BY v.attribute)::BIGINT AS n_prompts,
        sum(count(f.prompt_id)) OVER (PARTITION BY v.attribute)::BIGINT AS n_fired
    FROM valued AS v
    LEFT JOIN fired AS f ON f.prompt_id = v.prompt_id
    WHERE v.value <> ''
    GROUP BY v.attribute, v.value
)
SELECT
    c.attribute, c.value, c.n_both, c.n_fired, c.n, c.n_prompts,
    c.n_both / c.n_fired AS share, c.n / c.n_prompts AS corpus_share,
    (c.n_both / c.n_fired) / (c.n / c.n_prompts) AS lift,
    wilson_low(c.n_both, c.n_fired) / (c.n / c.n_prompts) AS lift_low,
    wilson_high(c.n_both, c.n_fired) / (c.n / c.n_prompts) AS lift_high
FROM counted AS c
WHERE c.n_both > 0
ORDER BY wilson_low(c.n_both, c.n_fired) - c.n / c.n_prompts DESC, c.n_both DESC, c.attribute, c.value;
