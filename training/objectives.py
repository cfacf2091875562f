"""What the encoder is asked for while it learns."""

import torch
import torch.nn.functional as F
from torch import nn

import data
from data import TASKS, Item
from model import WIDTH, Encoder

# A head's weights on a unit vector would have to grow far; features are brought to this length before it.
LENGTH = 16.0
# How close the right record must be to its question, against the others, for the loss to be content.
SHARPNESS = 0.05
# Of questions and records this much is read while training: it shows what a record is about (tokens).
LONGEST_ASKED = 64
# How much a task counts; the others count 1. Topics are many and judged by taste, other people's labels are not ours.
IMPORTANCE = {"topic": 0.5, "mixed": 0.3, "nhs": 0.5, "dynasent": 0.5}


class Heads(nn.Module):
    """One linear layer for each task on the features. The service fits its own on the finished encoder."""

    def __init__(self, dropout: float):
        super().__init__()
        self.tasks = nn.ModuleDict({task: nn.Linear(WIDTH, outputs) for task, (outputs, _) in TASKS.items()})
        self.dropout = dropout

    def forward(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        ready = F.dropout(features * LENGTH, self.dropout, self.training)
        return {task: head(ready) for task, head in self.tasks.items()}


def tagging(logits: dict[str, torch.Tensor], items: list[Item], smoothing: float) -> torch.Tensor:
    """Sum over tasks and over the items that are labelled for them."""
    return sum(_task(task, logits[task], items, smoothing) for task in TASKS)


def _task(task: str, logits: torch.Tensor, items: list[Item], smoothing: float) -> torch.Tensor:
    rows = [at for at, item in enumerate(items) if task in item.targets]
    if not rows:
        return logits.new_zeros(())
    outputs, compete = TASKS[task]
    wanted = torch.tensor([items[at].targets[task] for at in rows])
    given = logits[rows].float()
    if compete:
        loss = F.cross_entropy(given, wanted, reduction="sum", label_smoothing=smoothing)
    else:
        target = wanted * (1 - smoothing) + smoothing / 2
        loss = F.binary_cross_entropy_with_logits(given, target, reduction="sum") / max(1.0, outputs / 4)
    return IMPORTANCE.get(task, 1.0) * loss


def answering(encoder: Encoder, questions: list[dict], ids: dict[str, list[int]], frozen: int) -> torch.Tensor:
    """Each question to its own record, against all others of the batch and one that only looks like it; and back."""
    texts = [row["positive"] for row in questions]
    texts += [negative for row in questions for negative in row["negatives"][:1]]
    asked = encoder(*data.padded([ids[row["query"]][:LONGEST_ASKED] for row in questions]), frozen)[0]
    records = encoder(*data.padded([ids[text][:LONGEST_ASKED] for text in texts]), frozen)[0]
    right = torch.arange(len(questions))
    there = F.cross_entropy(asked @ records.T / SHARPNESS, right)
    back = F.cross_entropy(records[: len(questions)] @ asked.T / SHARPNESS, right)
    return there + 0.5 * back


def staying(search: torch.Tensor, items: list[Item]) -> torch.Tensor:
    """How far search vectors went from those of the encoder as it was, so that it stays good at everything else."""
    return (1 - (search * torch.stack([item.old for item in items])).sum(1)).mean()
