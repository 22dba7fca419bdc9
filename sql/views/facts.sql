CREATE OR REPLACE VIEW facts AS
SELECT
    t.fact_id, t.relation, t.subject, t.object, t.city_id, t.fact_set, t.corpus
FROM lake.facts AS t;
