-- Settings, versions and counts of an atlas, with its thresholds in the order of layers.
CREATE OR REPLACE MACRO model_info(model) AS TABLE
WITH
read AS (SELECT count(*) AS n_tokens FROM tokens AS t WHERE t.model = model),
fired AS (SELECT count(*) AS n_fired FROM activations AS f WHERE f.model = model),
calibration AS (
    SELECT
        list(h.threshold ORDER BY h.layer) AS thresholds,
        avg(h.target_density) AS target_density
    FROM thresholds AS h
    WHERE h.model = model
)
SELECT
    a.model, a.corpus, a.created_at, a.n_prompts, a.n_layers, a.n_neurons,
    read.n_tokens, fired.n_fired, calibration.thresholds, calibration.target_density, a.versions,
    a.settings
FROM atlases AS a
CROSS JOIN read
CROSS JOIN fired
CROSS JOIN calibration
WHERE a.model = model;
