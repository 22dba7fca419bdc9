-- One neuron: its statistics over all tokens but attention sinks, its top activating prompt by
-- |activation|, and the tokens that its value vector promotes and suppresses, in order.
-- n_prompts counts the prompts in which it fired at a token that is no sink.
CREATE OR REPLACE MACRO neuron_card(model, layer, neuron) AS TABLE
WITH
vocabulary AS (
    SELECT
        list(v.token ORDER BY v.rank) FILTER (v.sign = 1) AS promoted,
        list(v.score ORDER BY v.rank) FILTER (v.sign = 1) AS promoted_scores,
        list(v.token ORDER BY v.rank) FILTER (v.sign = -1) AS suppressed,
        list(v.score ORDER BY v.rank) FILTER (v.sign = -1) AS suppressed_scores
    FROM lake.neuron_vocabulary_of(model) AS v
    WHERE v.layer = layer AND v.neuron = neuron
),
fired AS (
    SELECT count(*) AS n_prompts
    FROM lake.neuron_peaks_of(model, layer) AS p
    WHERE p.neuron = neuron
),
calibration AS (
    SELECT any_value(h.threshold) AS threshold
    FROM thresholds AS h
    WHERE h.model = model AND h.layer = layer
)
SELECT
    n.layer, n.neuron, n.n_fired, n.firing_rate, n.mean, n.std, n.min, n.max, calibration.threshold,
    fired.n_prompts, n.top_prompt_id, n.top_position, n.top_activation,
    c.name AS top_name, c.country AS top_country,
    vocabulary.promoted, vocabulary.promoted_scores, vocabulary.suppressed,
    vocabulary.suppressed_scores
FROM lake.neurons_of(model) AS n
LEFT JOIN labelled_prompts AS c ON c.model = n.model AND c.prompt_id = n.top_prompt_id
CROSS JOIN vocabulary
CROSS JOIN fired
CROSS JOIN calibration
WHERE n.layer = layer AND n.neuron = neuron;
