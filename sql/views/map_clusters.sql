CREATE OR REPLACE VIEW map_clusters AS
SELECT
    t.model, t.kind, t.cluster, t.n, t.x, t.y, t.label, t.countries, t.country_lifts,
    t.vocabulary, t.term_kinds, t.terms, t.term_shares, t.term_shares_elsewhere
FROM lake.map_clusters AS t;
