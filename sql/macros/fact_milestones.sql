-- When each fact was learned, by checkpoints: the first at which greedy decoding says the whole
-- object in at least half of the trained prompts (first_right, of all prompts where the training
-- text is unknown) and of the held-out ones (first_held_out), each with the checkpoint asked before
-- it and how many prompts were right then; the checkpoint from which on it is known at all later
-- ones (stable), with the one before, so that it was learned between the two; and the one at which
-- it was forgotten, where it was known and isn't at the last (forgotten). Null where there is none.
CREATE OR REPLACE MACRO fact_milestones(model) AS TABLE
WITH
prompts AS (
    SELECT
        s.step, s.fact_id, s.greedy,
        s.trained IS NULL OR s.trained AS is_trained
    FROM every_fact_step AS s
    WHERE s.model = split_part(model, '@', 1)
),
counted AS (
    SELECT
        p.fact_id, p.step,
        count(*) FILTER (p.is_trained) AS n_trained,
        count(*) FILTER (p.is_trained AND p.greedy) AS right_trained,
        count(*) FILTER (NOT p.is_trained) AS n_held_out,
        count(*) FILTER (NOT p.is_trained AND p.greedy) AS right_held_out
    FROM prompts AS p
    GROUP BY p.fact_id, p.step
),
told AS (
    SELECT
        c.*,
        c.n_trained > 0 AND 2 * c.right_trained >= c.n_trained AS known,
        c.n_held_out > 0 AND 2 * c.right_held_out >= c.n_held_out AS known_held_out,
        lag(c.step) OVER (PARTITION BY c.fact_id ORDER BY c.step) AS before,
        lead(c.step) OVER (PARTITION BY c.fact_id ORDER BY c.step) AS after_it
    FROM counted AS c
),
found AS (
    SELECT
        t.fact_id,
        min(t.step) AS first_asked,
        max(t.step) AS last_asked,
        min(t.step) FILTER (t.known) AS first_right,
        arg_min_null(t.before, t.step) FILTER (t.known) AS before_right,
        arg_min(t.right_trained, t.step) FILTER (t.known) AS right_then,
        max(t.n_trained) AS n_trained,
        min(t.step) FILTER (t.known_held_out) AS first_held_out,
        arg_min_null(t.before, t.step) FILTER (t.known_held_out) AS before_held_out,
        arg_min(t.right_held_out, t.step) FILTER (t.known_held_out) AS right_held_out_then,
        max(t.n_held_out) AS n_held_out,
        max(t.step) FILTER (t.known) AS last_right,
        arg_max(t.after_it, t.step) FILTER (t.known AND t.after_it IS NOT NULL) AS after_right,
        coalesce(max(t.step) FILTER (NOT t.known), -1) AS last_wrong,
        arg_max(t.known, t.step) AS known_at_end
    FROM told AS t
    GROUP BY t.fact_id
)
SELECT
    f.fact_id, f.first_asked, f.last_asked, f.known_at_end,
    f.first_right, f.before_right, f.right_then, f.n_trained,
    f.first_held_out, f.before_held_out, f.right_held_out_then, f.n_held_out,
    (
        SELECT min(t.step) FROM told AS t
        WHERE t.fact_id = f.fact_id AND f.known_at_end AND t.step > f.last_wrong
    ) AS stable,
    CASE WHEN f.known_at_end AND f.last_wrong >= 0 THEN f.last_wrong END AS before_stable,
    CASE WHEN NOT f.known_at_end AND f.first_right IS NOT NULL THEN f.after_right END AS forgotten,
    CASE WHEN NOT f.known_at_end THEN f.last_right END AS before_forgotten
FROM found AS f
ORDER BY f.fact_id;
