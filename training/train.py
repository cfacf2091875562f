"""Fine-tunes MiniLM on all tasks at once: tags from the features, retrieval and the old vectors for the search vector."""

import argparse
import copy
import json
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

import data
import figures
import objectives
import retrieval
from data import Item
from model import Encoder, from_minilm
from weights import Masters, groups, mean_of

# The token [MASK], and the last of the special ones.
MASK = 103
# Questions in one batch: each learns from the records of all others.
ASKED = 32
# Layers that are the features' own.
BRANCH = 1
# The average of the weights begins after this share of the steps and forgets a hundredth at each.
AVERAGE_FROM = 0.3
AVERAGE_KEEPS = 0.99


def main() -> None:
    options = arguments()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    dice = random.Random(options.seed)
    tokenizer = Tokenizer.from_file(str(options.start / "tokenizer.json"))
    items = gathered(options, tokenizer)
    questions = retrieval.questions(options.items / "search.jsonl")
    texts = sorted({text for row in questions for text in (row["query"], row["positive"], *row["negatives"])})
    ids = {text: encoding.ids for text, encoding in zip(texts, tokenizer.encode_batch(texts))}
    encoder = from_minilm(str(options.start / "model.fp16.safetensors"), BRANCH, dropout=0.0)
    heads = objectives.Heads(dropout=0.2)
    remember(encoder, items)
    if options.further:
        for module, part in ((encoder, "encoder"), (heads, "heads")):
            module.load_state_dict(mean_of(options.further, part))
    learning = Learning(encoder, heads, options)
    chosen = [row for row in questions if row["split"] == "train"]
    dev = [item for item in items if item.split == "dev"]
    plans = [plan(items, chosen, options, dice) for _ in range(options.epochs)]
    steps = sum(len(one) for one in plans)
    began, step = time.time(), 0
    for epoch, batches in enumerate(plans, 1):
        for batch in batches:
            learning.step(batch, ids, step / steps, keeps=step % 2 == 0)
            step += 1
        mean = learning.masters.averaged(encoder, heads)
        save(mean, options.output)
        quick = copy.deepcopy(mean[0]).bfloat16()
        line = {"epoch": epoch, "seconds": int(time.time() - began)} | figures.of_tasks(quick, mean[1], dev)
        print(json.dumps(line | {"nDCG@10": figures.of_questions(quick, questions, ids, "dev")}), flush=True)


def gathered(options: argparse.Namespace, tokenizer: Tokenizer) -> list[Item]:
    items = data.labelled(options.items)
    for name in ("nhs", "dynasent"):
        if getattr(options, name):
            items += data.feelings(getattr(options, name), name)
    data.tokenise(tokenizer, items, longest=128)
    return items


def remember(encoder: Encoder, items: list[Item]) -> None:
    """Each item's search vector before anything was learnt."""
    old = copy.deepcopy(encoder).bfloat16()
    for item, vector in zip(items, figures.encode(old, [item.tokens for item in items])[0]):
        item.old = vector


def plan(items: list[Item], questions: list[dict], options: argparse.Namespace, dice: random.Random) -> list:
    """One epoch's batches, items and questions mixed: every own item, and a share of the other people's."""
    train = [item for item in items if item.split == "train"]
    others = [item for item in train if item.kind in ("nhs", "dynasent")]
    own = [item for item in train if item.kind not in ("nhs", "dynasent")]
    batches: list = list(data.batches(own + dice.sample(others, int(options.others * len(others))), options.size, dice))
    asked = questions[:]
    dice.shuffle(asked)
    batches += [("ask", asked[at : at + ASKED]) for at in range(0, len(asked) - ASKED + 1, ASKED)]
    dice.shuffle(batches)
    return batches


class Learning:
    """An encoder and its heads, a step at a time."""

    def __init__(self, encoder: Encoder, heads: nn.Module, options: argparse.Namespace):
        self.encoder, self.heads, self.options = encoder.bfloat16(), heads, options
        rates = {"encoder": options.rate, "heads": 1e-3, "decay": options.decay}
        weights = groups(encoder, heads, rates, options.frozen)
        self.masters = Masters(weights)
        self.optimiser = torch.optim.AdamW(weights, weight_decay=0.01, fused=True)

    def step(self, batch, ids: dict[str, list[int]], done: float, keeps: bool) -> None:
        """`done`: share of all steps, 0 to 1; `keeps`: whether the search vectors are held where they were."""
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * pace(done)
        self.encoder.train()
        self.heads.train()
        self.loss(batch, ids, keeps).backward()
        self.masters.take_gradients()
        nn.utils.clip_grad_norm_(self.masters.exact, 1.0)
        self.optimiser.step()
        self.masters.give_weights()
        self.masters.blend(AVERAGE_KEEPS if done > AVERAGE_FROM else 0.0)

    def loss(self, batch, ids: dict[str, list[int]], keeps: bool) -> torch.Tensor:
        options = self.options
        if isinstance(batch, tuple):
            return 0.5 * objectives.answering(self.encoder, batch[1], ids, options.frozen)
        given, mask = data.padded([item.tokens for item in batch])
        search, features = self.encoder(blanked(given, options.blanks), mask, options.frozen, keeps)
        loss = objectives.tagging(self.heads(features), batch, options.smoothing) / options.size
        return loss + options.keep * objectives.staying(search, batch) if keeps else loss


def pace(done: float, warmup: float = 0.1) -> float:
    """Share of the highest learning rate: up for the first tenth, then down in a straight line."""
    return done / warmup if done < warmup else max(0.02, (1 - done) / (1 - warmup))


def blanked(ids: torch.Tensor, share: float) -> torch.Tensor:
    """Some words unseen: the cheapest dropout, and the service meets misspelt words too."""
    hidden = (torch.rand(ids.shape) < share) & (ids > MASK)
    return ids.masked_fill(hidden, MASK)


def save(pair: tuple[Encoder, nn.Module], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    encoder, heads = pair
    torch.save({"encoder": encoder.state_dict(), "heads": heads.state_dict(), "branch": BRANCH}, folder / "model.pt")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    here = Path(__file__).parent
    parser.add_argument("--start", type=Path, required=True, help="folder of model.fp16.safetensors and tokenizer.json")
    parser.add_argument("--output", type=Path, required=True, help="folder for model.pt")
    parser.add_argument("--further", type=Path, nargs="*", help="model.pt of earlier runs: go on from their average")
    parser.add_argument("--items", type=Path, default=here.parent / "config" / "training")
    parser.add_argument("--nhs", type=Path, help="NHS comments, data.jsonl")
    parser.add_argument("--dynasent", type=Path, help="DynaSent, data.jsonl")
    parser.add_argument("--others", type=float, default=0.3, help="share of those two that an epoch reads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=48, help="items in a batch")
    parser.add_argument("--rate", type=float, default=3e-4, help="of the top layers")
    parser.add_argument("--decay", type=float, default=0.85, help="of the rate from a layer to the one below")
    parser.add_argument("--frozen", type=int, default=2, help="layers from the bottom that learn nothing")
    parser.add_argument("--smoothing", type=float, default=0.05)
    parser.add_argument("--blanks", type=float, default=0.08, help="share of words that are not shown")
    parser.add_argument("--keep", type=float, default=2.0, help="how much staying with the old search vectors counts")
    return parser.parse_args()


if __name__ == "__main__":
    main()
