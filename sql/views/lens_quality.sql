CREATE OR REPLACE VIEW lens_quality AS
SELECT
    t.model, t.layer, t.lens, t.kl, t.kl_median, t.top1_agreement, t.n_tokens, t.n_prompts, t.ridge
FROM lake.lens_quality AS t;
