-- The training step in an atlas' name, as 512 of geo-gpt2@step512; null where it has none.
-- It reads what `kn_assets/training/steps/names.py` does: x@step50K is step 50000 as well.
CREATE OR REPLACE MACRO step_of(name) AS
    try_cast(regexp_extract(
        name,
        '(?i)@(?:(?:pretrain|global|stage\d+|ingredient\d+)[-_]?)*(?:step|checkpoint|ckpt|iter)[-_]?(\d+)[KM]?(?:[-_](?:tokens\w*|\d+(?:\.\d+)?[KMBT]+|seed[-_]?\d+))*$',
        1
    ) AS INTEGER)
    * CASE
        WHEN regexp_matches(name, '(?i)@(?:.*[-_])?(?:step|checkpoint|ckpt|iter)[-_]?\d+K') THEN 1000
        WHEN regexp_matches(name, '(?i)@(?:.*[-_])?(?:step|checkpoint|ckpt|iter)[-_]?\d+M') THEN 1000000
        ELSE 1
    END;
