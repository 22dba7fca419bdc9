CREATE OR REPLACE VIEW thresholds AS
SELECT
    t.model, t.layer, t.threshold, t.target_density
FROM lake.thresholds AS t;
