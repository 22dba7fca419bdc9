CREATE OR REPLACE VIEW pages AS
SELECT
    t.city_id, t.title, t.url, t.final_url, t.revision, t.fetched_at, t.status, t.reason,
    t.html, t.licence, t.corpus
FROM lake.pages AS t;
