-- A neuron through training, one row per checkpoint: its firing rate, whether it is alive, the
-- overlap of its top activating prompts with those at the final checkpoint (intersection over
-- union), and its best concept at that checkpoint, by the lower end of AUROC's 95 % interval, with
-- the number of prompts n that have its value; null where it has none.
CREATE OR REPLACE MACRO neuron_by_step(model, layer, neuron) AS TABLE
WITH
marked AS (
    SELECT
        m.step,
        arg_max(
            {
                attribute: c.attribute, value: c.value, auroc: c.auroc, auroc_low: c.auroc_low,
                q_value: c.q_value, n: c.n
            },
            c.auroc_low
        ) AS best
    FROM model_steps(model) AS m
    JOIN neuron_concepts AS c ON c.model = m.model
    WHERE c.layer = layer AND c.neuron = neuron
    GROUP BY m.step
)
SELECT
    s.step, s.firing_rate, s.alive, s.final_overlap,
    b.best.attribute AS attribute, b.best.value AS value, b.best.auroc AS auroc,
    b.best.q_value AS q_value, b.best.auroc_low AS auroc_low, b.best.n AS n_prompts
FROM neuron_steps AS s
LEFT JOIN marked AS b ON b.step = s.step
WHERE s.model = split_part(model, '@', 1) AND s.layer = layer AND s.neuron = neuron
ORDER BY s.step;
