-- Every fact, and the texts to search, without case and accents.
CREATE OR REPLACE VIEW folded_facts AS
SELECT
    f.*,
    fold(f.subject) AS folded_subject,
    fold(f.object) AS folded_object
FROM facts AS f;
