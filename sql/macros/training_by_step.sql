-- A model's training, one row per checkpoint: the number of facts asked (n_facts, 0 at a checkpoint
-- that was not asked, whose shares are null); the share of them known in trained prompts
-- (known_trained), in held-out ones (known_held_out) and in all (known; the only one where the
-- training text is unknown), that is where greedy decoding says the whole object in at least half;
-- the saturation layer (mean over the prompts that have one); knowledge neurons per fact; and the change of the answers' probability, mean change over mean, with neurons
-- suppressed: the knowledge neurons with their 95 % interval, three of the controls, and the knowledge
-- neurons of the final checkpoint. Of one relation, or all.
CREATE OR REPLACE MACRO training_by_step(model, relation := 'all') AS TABLE
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
        avg(p.greedy::INT) >= 0.5 AS known,
        avg(p.greedy::INT) FILTER (p.trained) >= 0.5 AS known_trained,
        avg(p.greedy::INT) FILTER (NOT p.trained) >= 0.5 AS known_held_out
    FROM prompts AS p
    GROUP BY p.step, p.fact_id
),
known AS (
    SELECT
        b.step, count(*) AS n_facts, avg(b.known::INT) AS known,
        avg(b.known_trained::INT) AS known_trained, avg(b.known_held_out::INT) AS known_held_out
    FROM by_fact AS b
    GROUP BY b.step
),
answers AS (
    SELECT p.step, avg(p.probability) AS probability, avg(p.saturation_layer) AS saturation_layer
    FROM prompts AS p
    GROUP BY p.step
),
steps AS (
    SELECT m.step FROM model_steps(model) AS m
    WHERE (SELECT count(*) FROM known) > 0
    UNION
    SELECT b.step FROM known AS b
),
last_step AS (SELECT max(m.step) AS step FROM model_steps(model) AS m),
effects AS (
    SELECT
        m.step, e.condition, e.n_facts, e.mean_neurons, e.relative_change, e.ci_low, e.ci_high,
        CASE WHEN m.step = l.step THEN 'knowledge_neurons' ELSE 'final_checkpoint' END
            AS final_condition
    FROM model_steps(model) AS m
    CROSS JOIN last_step AS l
    JOIN intervention_effects AS e ON e.model = m.model
    WHERE e.kind = 'suppress' AND e.relation = relation
),
changed AS (
    SELECT
        e.step,
        any_value(e.n_facts) FILTER (e.condition = 'knowledge_neurons') AS n_attributed,
        any_value(e.mean_neurons) FILTER (e.condition = 'knowledge_neurons') AS neurons_per_fact,
        any_value(e.relative_change) FILTER (e.condition = 'knowledge_neurons') AS suppress,
        any_value(e.ci_low) FILTER (e.condition = 'knowledge_neurons') AS suppress_low,
        any_value(e.ci_high) FILTER (e.condition = 'knowledge_neurons') AS suppress_high,
        any_value(e.relative_change) FILTER (e.condition = 'random') AS suppress_random,
        any_value(e.relative_change) FILTER (e.condition = 'activation_matched')
            AS suppress_activation_matched,
        any_value(e.relative_change) FILTER (e.condition = 'other_fact') AS suppress_other_fact,
        any_value(e.relative_change) FILTER (e.condition = e.final_condition)
            AS suppress_final_checkpoint,
        any_value(e.ci_low) FILTER (e.condition = e.final_condition)
            AS suppress_final_checkpoint_low,
        any_value(e.ci_high) FILTER (e.condition = e.final_condition)
            AS suppress_final_checkpoint_high
    FROM effects AS e
    GROUP BY e.step
)
SELECT
    t.step, coalesce(k.n_facts, 0) AS n_facts, k.known, k.known_trained, k.known_held_out, s.probability,
    s.saturation_layer,
    c.* EXCLUDE (step)
FROM steps AS t
LEFT JOIN known AS k ON k.step = t.step
LEFT JOIN answers AS s ON s.step = t.step
LEFT JOIN changed AS c ON c.step = t.step
ORDER BY t.step;
