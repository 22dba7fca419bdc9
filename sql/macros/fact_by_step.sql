-- A fact through training, one row per checkpoint at which it was asked: the number of its prompts,
-- and of those where greedy decoding says the whole object (n_correct), the mean log-probability of
-- the whole object, its telling token's mean probability and median rank, the saturation layer (median over the prompts that
-- have one), the number of knowledge neurons, and the change of the answer's probability, over that
-- before, with neurons suppressed or amplified: the fact's knowledge neurons at that checkpoint,
-- the controls, and the knowledge neurons of the final checkpoint.
CREATE OR REPLACE MACRO fact_by_step(model, fact) AS TABLE
WITH
answers AS (
    SELECT
        s.step,
        count(*) AS n_prompts,
        count(*) FILTER (s.greedy) AS n_correct,
        avg(s.probability) AS probability,
        avg(s.logprob) AS logprob,
        median(s.rank) AS rank,
        median(s.saturation_layer) AS saturation_layer
    FROM every_fact_step AS s
    WHERE s.model = split_part(model, '@', 1) AND s.fact_id = fact
    GROUP BY s.step
),
changes AS (
    SELECT
        m.step, i.kind, i.condition,
        m.step = (SELECT max(l.step) FROM model_steps(model) AS l) AS last,
        any_value(i.n_neurons) AS n_neurons,
        sum(i.probability_after) / sum(i.probability_before) - 1 AS change
    FROM model_steps(model) AS m
    JOIN every_intervention AS i ON i.model = m.model
    WHERE i.fact_id = fact
    GROUP BY m.step, i.kind, i.condition
),
changed AS (
    SELECT
        r.step,
        any_value(r.n_neurons) FILTER (r.condition = 'knowledge_neurons') AS n_neurons,
        any_value(r.change) FILTER (r.kind = 'suppress' AND r.condition = 'knowledge_neurons')
            AS suppress,
        any_value(r.change) FILTER (r.kind = 'suppress' AND r.condition = 'random')
            AS suppress_random,
        any_value(r.change) FILTER (r.kind = 'suppress' AND r.condition = 'activation_matched')
            AS suppress_activation_matched,
        any_value(r.change) FILTER (r.kind = 'suppress' AND r.condition = 'other_fact')
            AS suppress_other_fact,
        coalesce(
            any_value(r.change) FILTER (r.kind = 'suppress' AND r.condition = 'final_checkpoint'),
            any_value(r.change) FILTER (
                r.kind = 'suppress' AND r.condition = 'knowledge_neurons' AND r.last
            )
        ) AS suppress_final_checkpoint,
        any_value(r.change) FILTER (r.kind = 'amplify' AND r.condition = 'knowledge_neurons')
            AS amplify,
        any_value(r.change) FILTER (r.kind = 'amplify' AND r.condition = 'random')
            AS amplify_random,
        any_value(r.change) FILTER (r.kind = 'amplify' AND r.condition = 'activation_matched')
            AS amplify_activation_matched,
        any_value(r.change) FILTER (r.kind = 'amplify' AND r.condition = 'other_fact')
            AS amplify_other_fact,
        coalesce(
            any_value(r.change) FILTER (r.kind = 'amplify' AND r.condition = 'final_checkpoint'),
            any_value(r.change) FILTER (
                r.kind = 'amplify' AND r.condition = 'knowledge_neurons' AND r.last
            )
        ) AS amplify_final_checkpoint
    FROM changes AS r
    GROUP BY r.step
)
SELECT
    a.step, a.n_prompts, a.n_correct, a.probability, a.logprob, a.rank, a.saturation_layer,
    c.* EXCLUDE (step)
FROM answers AS a
LEFT JOIN changed AS c ON c.step = a.step
ORDER BY a.step;
