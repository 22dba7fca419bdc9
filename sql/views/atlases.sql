-- A path among the settings is shown by its last name: who reads the lake may be a stranger.
CREATE OR REPLACE VIEW atlases AS
SELECT
    t.model, t.corpus, t.created_at, t.n_prompts, t.n_layers, t.n_neurons, t.versions,
    regexp_replace(t.settings, '"(?:/|[A-Za-z]:)[^"]*[/\\]([^"/\\]+)"', '"…/\1"', 'g') AS settings
FROM lake.atlases AS t;
