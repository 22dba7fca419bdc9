-- A model's training, a row for each step: share of the asked facts that it knows in half or more
-- of the wordings it was told (known_taught), of those it never was (known_unseen) and of all
-- (known; the only one where it isn't known what was told); the layer from which the lens says the
-- answer (mean over the prompts answered right); neurons a fact; and the change of the answers'
-- probability, mean change over mean, when neurons are suppressed: the facts' own with its 95 %
-- interval, three controls, and (final) the neurons of the last step. Of one relation, or all.
CREATE OR REPLACE MACRO training_story(model, relation := 'all') AS TABLE
WITH
prompts AS (
    SELECT s.*
    FROM fact_steps AS s
    JOIN facts AS f ON f.fact_id = s.fact_id
    WHERE s.model = split_part(model, '@', 1)
        AND f.corpus = (SELECT any_value(m.corpus) FROM model_steps(model) AS m)
        AND (relation = 'all' OR f.relation = relation)
),
by_fact AS (
    SELECT
        p.step, p.fact_id,
        avg((p.rank = 1)::INT) >= 0.5 AS known,
        avg((p.rank = 1)::INT) FILTER (p.taught) >= 0.5 AS known_taught,
        avg((p.rank = 1)::INT) FILTER (NOT p.taught) >= 0.5 AS known_unseen
    FROM prompts AS p
    GROUP BY p.step, p.fact_id
),
known AS (
    SELECT
        b.step, count(*) AS n_facts, avg(b.known::INT) AS known,
        avg(b.known_taught::INT) AS known_taught, avg(b.known_unseen::INT) AS known_unseen
    FROM by_fact AS b
    GROUP BY b.step
),
said AS (
    SELECT p.step, avg(p.probability) AS probability, avg(p.decided_layer) AS decided_layer
    FROM prompts AS p
    GROUP BY p.step
),
last_step AS (SELECT max(m.step) AS step FROM model_steps(model) AS m),
effects AS (
    SELECT
        m.step, e.control, e.n_facts, e.mean_neurons, e.ratio, e.low, e.high,
        CASE WHEN m.step = l.step THEN 'refined' ELSE 'final' END AS final
    FROM model_steps(model) AS m
    CROSS JOIN last_step AS l
    JOIN intervention_effects AS e ON e.model = m.model
    WHERE e.kind = 'suppress' AND e.relation = relation
),
changed AS (
    SELECT
        e.step,
        any_value(e.n_facts) FILTER (e.control = 'refined') AS n_attributed,
        any_value(e.mean_neurons) FILTER (e.control = 'refined') AS neurons_per_fact,
        any_value(e.ratio) FILTER (e.control = 'refined') AS suppress,
        any_value(e.low) FILTER (e.control = 'refined') AS suppress_low,
        any_value(e.high) FILTER (e.control = 'refined') AS suppress_high,
        any_value(e.ratio) FILTER (e.control = 'random') AS suppress_random,
        any_value(e.ratio) FILTER (e.control = 'matched') AS suppress_matched,
        any_value(e.ratio) FILTER (e.control = 'unrelated') AS suppress_unrelated,
        any_value(e.ratio) FILTER (e.control = e.final) AS suppress_final,
        any_value(e.low) FILTER (e.control = e.final) AS suppress_final_low,
        any_value(e.high) FILTER (e.control = e.final) AS suppress_final_high
    FROM effects AS e
    GROUP BY e.step
)
SELECT
    k.step, k.n_facts, k.known, k.known_taught, k.known_unseen, s.probability, s.decided_layer,
    c.* EXCLUDE (step)
FROM known AS k
JOIN said AS s ON s.step = k.step
LEFT JOIN changed AS c ON c.step = k.step
ORDER BY k.step;
