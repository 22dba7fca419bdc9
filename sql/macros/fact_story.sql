-- A fact through training, step by step: in how many wordings the answer is the likeliest token,
-- its mean probability and median rank, the layer from which the lens says it (median over the
-- wordings in which it does), its knowledge neurons at that step, and the change of the answer's
-- probability, over that before, when neurons are suppressed or amplified at that step: the fact's
-- own, its controls, and (final) the neurons that hold the fact at the last step.
CREATE OR REPLACE MACRO fact_story(model, fact) AS TABLE
WITH
answers AS (
    SELECT
        s.step,
        count(*) AS n_wordings,
        count(*) FILTER (s.rank = 1) AS n_right,
        avg(s.probability) AS probability,
        median(s.rank) AS rank,
        median(s.decided_layer) AS decided_layer
    FROM fact_steps AS s
    WHERE s.model = split_part(model, '@', 1) AND s.fact_id = fact
    GROUP BY s.step
),
ratios AS (
    SELECT
        m.step, i.kind, i.control,
        m.step = (SELECT max(l.step) FROM model_steps(model) AS l) AS last,
        any_value(i.n_neurons) AS n_neurons,
        sum(i.probability_after) / sum(i.probability_before) - 1 AS ratio
    FROM model_steps(model) AS m
    JOIN interventions AS i ON i.model = m.model
    WHERE i.fact_id = fact
    GROUP BY m.step, i.kind, i.control
),
changed AS (
    SELECT
        r.step,
        any_value(r.n_neurons) FILTER (r.control = 'refined') AS n_neurons,
        any_value(r.ratio) FILTER (r.kind = 'suppress' AND r.control = 'refined') AS suppress,
        any_value(r.ratio) FILTER (r.kind = 'suppress' AND r.control = 'random')
            AS suppress_random,
        any_value(r.ratio) FILTER (r.kind = 'suppress' AND r.control = 'matched')
            AS suppress_matched,
        any_value(r.ratio) FILTER (r.kind = 'suppress' AND r.control = 'unrelated')
            AS suppress_unrelated,
        coalesce(
            any_value(r.ratio) FILTER (r.kind = 'suppress' AND r.control = 'final'),
            any_value(r.ratio) FILTER (r.kind = 'suppress' AND r.control = 'refined' AND r.last)
        ) AS suppress_final,
        any_value(r.ratio) FILTER (r.kind = 'amplify' AND r.control = 'refined') AS amplify,
        any_value(r.ratio) FILTER (r.kind = 'amplify' AND r.control = 'random') AS amplify_random,
        any_value(r.ratio) FILTER (r.kind = 'amplify' AND r.control = 'matched')
            AS amplify_matched,
        any_value(r.ratio) FILTER (r.kind = 'amplify' AND r.control = 'unrelated')
            AS amplify_unrelated,
        coalesce(
            any_value(r.ratio) FILTER (r.kind = 'amplify' AND r.control = 'final'),
            any_value(r.ratio) FILTER (r.kind = 'amplify' AND r.control = 'refined' AND r.last)
        ) AS amplify_final
    FROM ratios AS r
    GROUP BY r.step
)
SELECT
    a.step, a.n_wordings, a.n_right, a.probability, a.rank, a.decided_layer,
    c.* EXCLUDE (step)
FROM answers AS a
LEFT JOIN changed AS c ON c.step = a.step
ORDER BY a.step;
