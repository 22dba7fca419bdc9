CREATE OR REPLACE VIEW atlases AS
SELECT
    t.model, t.corpus, t.created_at, t.n_prompts, t.n_layers, t.n_neurons, t.versions,
    t.settings
FROM lake.atlases AS t;
