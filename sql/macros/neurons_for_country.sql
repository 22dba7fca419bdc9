-- The k neurons that fire in a larger share of one country's prompts than of all others, by
-- difference_low: the lower end of the 95 % interval of share - share_elsewhere (Newcombe 1998,
-- method 10, out of Wilson's intervals), so that few prompts don't win by chance. Neurons where it
-- isn't over 0 are left out, and so are countries of one prompt: nothing supports them.
-- z is the two-proportion statistic. The country is its name in English or its two-letter code.
CREATE OR REPLACE MACRO neurons_for_country(model, country, k) AS TABLE
WITH
places AS (
    SELECT
        p.prompt_id,
        lower(p.country) = lower(country) OR p.country_code = upper(country) AS inside
    FROM atlas_prompts(model) AS p
),
sizes AS (
    SELECT count(*) FILTER (inside) AS n_in, count(*) FILTER (NOT inside) AS n_out FROM places
),
counts AS (
    SELECT
        f.layer, f.neuron,
        count(*) FILTER (p.inside) AS fired_in,
        count(*) FILTER (NOT p.inside) AS fired_out,
        avg(abs(f.activation)) FILTER (p.inside) AS mean_peak
    FROM neuron_peaks AS f
    JOIN places AS p ON p.prompt_id = f.prompt_id
    WHERE f.model = model
    GROUP BY f.layer, f.neuron
),
shares AS (
    SELECT
        c.layer, c.neuron, s.n_in AS n_prompts, c.fired_in AS n_fired,
        c.fired_in / s.n_in AS share,
        c.fired_out / s.n_out AS share_elsewhere,
        (c.fired_in + c.fired_out) / (s.n_in + s.n_out) AS pooled,
        1 / s.n_in + 1 / s.n_out AS spread,
        c.fired_in / s.n_in - c.fired_out / s.n_out - sqrt(
            pow(c.fired_in / s.n_in - wilson_low(c.fired_in, s.n_in), 2)
            + pow(wilson_high(c.fired_out, s.n_out) - c.fired_out / s.n_out, 2)
        ) AS difference_low,
        c.mean_peak
    FROM counts AS c, sizes AS s
    WHERE c.fired_in > 0 AND s.n_in >= 2 AND s.n_out > 0
)
SELECT
    h.layer, h.neuron, h.n_prompts, h.n_fired, h.share, h.share_elsewhere,
    (h.share - h.share_elsewhere) / sqrt(nullif(h.pooled * (1 - h.pooled) * h.spread, 0)) AS z,
    h.mean_peak, h.difference_low
FROM shares AS h
WHERE h.difference_low > 0
ORDER BY h.difference_low DESC, z DESC NULLS LAST, h.layer, h.neuron
LIMIT k;
