-- The training step in an atlas' name, as 512 of geo-gpt2@step512; null where it has none.
CREATE OR REPLACE MACRO step_of(name) AS
    try_cast(regexp_extract(
        name, '(?i)@(?:global_?)?(?:step|checkpoint|ckpt|iter)[-_]?(\d+)(?:-tokens\w*)?$', 1
    ) AS INTEGER);
