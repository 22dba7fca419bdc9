CREATE OR REPLACE VIEW layer_steps AS
SELECT
    t.model, t.step, t.layer, t.n_alive, t.births, t.deaths, t.mean_final_overlap
FROM lake.layer_steps AS t;
