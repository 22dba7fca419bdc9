-- The training step that an atlas' name tells, as 512 of geo-gpt2@step512; null where it tells none.
CREATE OR REPLACE MACRO step_of(name) AS
    try_cast(regexp_extract(
        name, '(?i)@(?:global_?)?(?:step|checkpoint|ckpt|iter)[-_]?(\d+)(?:-tokens\w*)?$', 1
    ) AS INTEGER);
