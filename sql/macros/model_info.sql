-- What an atlas was made of, with its thresholds in the order of layers.
CREATE OR REPLACE MACRO model_info(model) AS TABLE
SELECT
    a.model, a.corpus, a.created_at, a.n_prompts, a.n_layers, a.n_neurons,
    (SELECT count(*) FROM tokens AS t WHERE t.model = model) AS n_tokens,
    (SELECT count(*) FROM activations AS f WHERE f.model = model) AS n_fired,
    (
        SELECT list(h.threshold ORDER BY h.layer) FROM thresholds AS h WHERE h.model = model
    ) AS thresholds,
    (SELECT avg(h.target_density) FROM thresholds AS h WHERE h.model = model) AS target_density,
    a.versions, a.settings
FROM atlases AS a
WHERE a.model = model;
