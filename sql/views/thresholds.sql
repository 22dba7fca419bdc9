CREATE OR REPLACE VIEW thresholds AS
SELECT
    t.model, t.layer, t.threshold, t.target_density, t.median_norm, t.sink_norm
FROM lake.thresholds AS t;
