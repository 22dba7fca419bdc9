-- The clusters of a map, the largest first: kind is neuron or prompt.
CREATE OR REPLACE MACRO map_labels(model, kind) AS TABLE
SELECT c.cluster, c.n, c.x, c.y, c.label, c.countries, c.country_lifts, c.vocabulary,
    c.term_kinds, c.terms, c.term_shares, c.term_shares_elsewhere
FROM map_clusters AS c
WHERE c.model = model AND c.kind = kind
ORDER BY c.cluster;
