"""The network to train: a small GPT-2, its tokenizer, its optimizer, and one step of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kn_assets.training.settings import TrainSettings
from kn_assets.training.text import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from torch import Tensor
    from transformers import GPT2LMHeadModel, PreTrainedTokenizerBase

END = "<|endoftext|>"  # GPT-2's; here it is padding alone


def new_tokenizer(sentences: Iterable[str], settings: TrainSettings) -> PreTrainedTokenizerBase:
    """A byte-level BPE (Sennrich et al. 2016; Radford et al. 2019) trained on the sentences."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Tokenizer

    bpe = ByteLevelBPETokenizer(add_prefix_space=False)
    bpe.train_from_iterator(
        sentences, settings.vocabulary, special_tokens=[END], show_progress=False
    )
    return GPT2Tokenizer(
        tokenizer_object=bpe._tokenizer,
        bos_token=END,
        eos_token=END,
        unk_token=END,
        model_max_length=settings.context,
    )


def new_model(settings: TrainSettings, tokenizer: PreTrainedTokenizerBase) -> GPT2LMHeadModel:
    """A GPT-2 with seeded random weights and no dropout, in float32."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=settings.context,
        n_embd=settings.width,
        n_layer=settings.layers,
        n_head=settings.heads,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return GPT2LMHeadModel(config).float()


def new_optimizer(
    model: GPT2LMHeadModel, settings: TrainSettings
) -> tuple[torch.optim.AdamW, torch.optim.lr_scheduler.LambdaLR]:
    """AdamW (Loshchilov and Hutter 2019) and its schedule: warm-up, then linear decay to 0."""
    import torch

    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": settings.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=settings.lr, betas=(0.9, 0.98))
    warmup = min(settings.warmup, settings.steps - 1)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / (warmup + 1)
        return (settings.steps - step) / max(settings.steps - warmup, 1)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def loss_of(model: GPT2LMHeadModel, rows: Rows) -> Tensor:
    """Mean cross-entropy in nats of each next token, given those before it in its sentence."""
    import torch
    from torch.nn.functional import cross_entropy

    ids, sentence, position = (
        torch.from_numpy(x).to(model.device) for x in (rows.ids, rows.sentence, rows.position)
    )
    context = ids.shape[1]
    earlier = torch.ones(context, context, dtype=torch.bool, device=model.device).tril()
    seen = (sentence[:, :, None] == sentence[:, None, :]) & earlier
    hidden = model.transformer(
        input_ids=ids,
        attention_mask=seen[:, None],
        position_ids=position,
        use_cache=False,
    ).last_hidden_state
    follows = (sentence[:, 1:] == sentence[:, :-1]) & (sentence[:, 1:] >= 0)
    logits = model.lm_head(hidden[:, :-1][follows])
    return cross_entropy(logits, ids[:, 1:][follows])
