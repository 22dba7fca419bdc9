-- What stands at the firings of one half of a neuron (sign 1 or -1), with shift := 1 what follows
-- them, with -1 what stands before: each token's share of the firings, its share of all tokens there
-- (attention sinks left out), and the lift, the first over the second, with a 95 % interval (Wilson's,
-- of the share of firings, over the corpus' share). fires_at: the share of the token's places at
-- which the half fires. What makes up more of the firings than of the corpus most surely comes first.
CREATE OR REPLACE MACRO neuron_tokens(model, layer, neuron, sign, shift := 0) AS TABLE
WITH
places AS MATERIALIZED (
    SELECT t.prompt_id, t.position, o.token
    FROM lake.tokens_of(model) AS t
    JOIN lake.tokens_of(model) AS o
        ON o.prompt_id = t.prompt_id AND o.position = t.position + shift
    WHERE NOT t.sink
),
corpus AS (
    SELECT p.token, count(*) AS n, sum(count(*)) OVER ()::BIGINT AS n_tokens
    FROM places AS p
    GROUP BY p.token
),
fired AS (
    SELECT p.token, count(*) AS n_both, sum(count(*)) OVER ()::BIGINT AS n_fired
    FROM neuron_firings(model, layer, neuron) AS f
    JOIN places AS p ON p.prompt_id = f.prompt_id AND p.position = f.position
    WHERE f.sign = sign
    GROUP BY p.token
)
SELECT
    f.token, f.n_both, f.n_fired, c.n, c.n_tokens,
    f.n_both / f.n_fired AS share, c.n / c.n_tokens AS corpus_share,
    (f.n_both / f.n_fired) / (c.n / c.n_tokens) AS lift,
    wilson_low(f.n_both, f.n_fired) / (c.n / c.n_tokens) AS lift_low,
    wilson_high(f.n_both, f.n_fired) / (c.n / c.n_tokens) AS lift_high,
    f.n_both / c.n AS fires_at
FROM fired AS f
JOIN corpus AS c ON c.token = f.token
ORDER BY wilson_low(f.n_both, f.n_fired) - c.n / c.n_tokens DESC, f.n_both DESC, f.token;
