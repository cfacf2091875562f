"""How good an encoder is while it learns: quick figures on the dev items. Those to report come from `touchpoint evaluate`."""

import torch
from torch import nn

import data
import retrieval
from data import TASKS, Item
from model import WIDTH, Encoder

# From these log-odds on a label counts as given where several may hold.
GIVEN = -0.6


@torch.no_grad()
def encode(encoder: Encoder, rows: list[list[int]], size: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
    """Search vectors and features of tokenised texts, in order."""
    encoder.eval()
    order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
    search, features = torch.zeros(len(rows), WIDTH), torch.zeros(len(rows), WIDTH)
    for start in range(0, len(order), size):
        own = order[start : start + size]
        search[own], features[own] = encoder(*data.padded([rows[at] for at in own]))
    return search, features


@torch.no_grad()
def of_tasks(encoder: Encoder, heads: nn.Module, items: list[Item]) -> dict[str, float]:
    """Accuracy of each task, and mean F1 of the labels where several may hold. Sentiment: of comments alone."""
    heads.eval()
    logits = heads(encode(encoder, [item.tokens for item in items])[1])
    found = {}
    for task, (_, compete) in TASKS.items():
        rows = [at for at, item in enumerate(items) if task in item.targets and not (task == "sentiment" and item.kind != "nps")]
        if task == "mixed" or not rows:
            continue
        wanted = torch.tensor([items[at].targets[task] for at in rows])
        given = logits[task][rows]
        right = wanted.gather(1, given.argmax(1, keepdim=True)) >= wanted.max(1, keepdim=True).values
        found[task] = round(right.float().mean().item(), 4)
        if not compete:
            says, holds = given[:, :-1] > GIVEN, wanted[:, :-1] > 0.5
            hits = (says & holds).sum(0)
            found[f"{task} F1"] = round((2 * hits / (says.sum(0) + holds.sum(0)).clamp(min=1)).mean().item(), 4)
    return found


def of_questions(encoder: Encoder, questions: list[dict], ids: dict[str, list[int]], split: str) -> float:
    """nDCG@10 of one split's questions over the records of all."""
    records = sorted({text for row in questions for text in (row["positive"], *row["negatives"])})
    own = [row for row in questions if row["split"] == split]
    queries, _ = encode(encoder, [ids[row["query"]] for row in own])
    vectors, _ = encode(encoder, [ids[text] for text in records])
    return round(retrieval.ndcg(queries, vectors, [{records.index(row["positive"])} for row in own]), 4)
