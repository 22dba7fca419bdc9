-- A neuron through training, step by step: how often it fires, whether it is alive, how much its
-- strongest prompts are those of the last step (intersection over union), and what its peaks mark
-- best at that step, if anything: the value of the highest AUROC among those it marks surely.
CREATE OR REPLACE MACRO neuron_story(model, layer, neuron) AS TABLE
WITH
marked AS (
    SELECT
        m.step,
        arg_max(
            {attribute: c.attribute, value: c.value, auroc: c.auroc, q_value: c.q_value}, c.auroc
        ) AS best
    FROM model_steps(model) AS m
    JOIN neuron_concepts AS c ON c.model = m.model
    WHERE c.layer = layer AND c.neuron = neuron
    GROUP BY m.step
)
SELECT
    s.step, s.firing_rate, s.alive, s.top_iou,
    b.best.attribute AS attribute, b.best.value AS value, b.best.auroc AS auroc,
    b.best.q_value AS q_value
FROM neuron_steps AS s
LEFT JOIN marked AS b ON b.step = s.step
WHERE s.model = split_part(model, '@', 1) AND s.layer = layer AND s.neuron = neuron
ORDER BY s.step;
