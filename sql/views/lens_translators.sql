CREATE OR REPLACE VIEW lens_translators AS
SELECT t.model, t.layer, t.dimension, t.weights FROM lake.lens_translators AS t;
