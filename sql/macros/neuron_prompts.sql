-- The k prompts that fire a neuron most, strongest first by |peak|: tokens and activations are
-- lists in the order of positions, an activation is null where the neuron did not fire. The peak
-- leaves out position 0, the lists don't.
CREATE OR REPLACE MACRO neuron_prompts(model, layer, neuron, k) AS TABLE
WITH
fired AS MATERIALIZED (
    SELECT f.prompt_id, f.position, f.activation
    FROM lake.activations_by_neuron_of(model, layer) AS f
    WHERE f.neuron = neuron
),
ranked AS (
    SELECT
        f.prompt_id,
        row_number() OVER (ORDER BY max(abs(f.activation)) DESC, f.prompt_id) AS rank
    FROM fired AS f
    WHERE f.position > 0
    GROUP BY f.prompt_id
    ORDER BY rank
    LIMIT k
),
listed AS (
    SELECT
        f.prompt_id,
        any_value(r.rank) AS rank,
        arg_max(
            {position: f.position, activation: f.activation},
            CASE WHEN f.position > 0 THEN {size: abs(f.activation), earlier: -f.position} END
        ) AS peak,
        map(list(f.position), list(f.activation)) AS activations
    FROM fired AS f
    JOIN ranked AS r ON r.prompt_id = f.prompt_id
    GROUP BY f.prompt_id
)
SELECT
    f.rank, f.prompt_id, w.name, w.country, f.peak.position AS peak_position,
    f.peak.activation AS peak,
    from_json(w.words, '["VARCHAR"]') AS tokens,
    list_transform(range(len(tokens)), lambda i: f.activations[i::SMALLINT]) AS activations
FROM listed AS f
JOIN shown_prompts AS w ON w.prompt_id = f.prompt_id
WHERE w.model = model
ORDER BY f.rank;
