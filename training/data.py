"""Labelled items as numbers: the prompts of the service, one row of targets for each task an item is labelled for."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer

FILES = ("meetings", "emails", "actions", "risks", "nps")
INTENTS = (
    "qbr", "escalation", "routine check-in", "onboarding", "renewal discussion", "training", "executive briefing",
)
ACTIONS = ("escalation", "renewal", "onboarding", "billing", "compliance", "relationship", "technical")
RISKS = ("churn", "commercial", "technical", "relationship", "compliance")
FEELINGS = ("positive", "neutral", "negative")
TOPICS = (
    "product & features", "user experience", "support & service", "account management", "upgrades & fixes",
    "performance & reliability", "training & documentation", "implementation & onboarding", "value & pricing",
    "configuration & customisation", "collaboration & partnership", "security & compliance", "integration & data",
    "adoption & usage", "contract & renewal", "strategy & roadmap",
)
# Outputs of each task's head, and whether they share one probability; multi-label tasks have one more for "none".
TASKS: dict[str, tuple[int, bool]] = {
    "intent": (len(INTENTS) + 1, False),
    "topic": (len(TOPICS) + 1, False),
    "action": (len(ACTIONS), True),
    "risk": (len(RISKS), True),
    "sentiment": (len(FEELINGS), True),
    "mixed": (1, False),
    # Other people's labels do not all draw the lines where ours are: they teach the encoder through heads of their own too.
    "nhs": (len(FEELINGS), True),
    "dynasent": (len(FEELINGS), True),
}
# Of an item with a second label the first counts this much, as in src/classify/training-problem.ts.
FIRST = 0.75


@dataclass
class Item:
    text: str
    kind: str
    split: str
    group: str
    targets: dict[str, list[float]] = field(default_factory=dict)
    tokens: list[int] = field(default_factory=list)
    id: str = ""


def prompt(title: str, text: str) -> str:
    """What src/classify/prompt.ts makes of an item."""
    parts = [re.sub(r"\s+", " ", part).strip() for part in (title, text)]
    return "\n".join(part for part in parts if part)


def read_lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def labelled(folder: Path) -> list[Item]:
    rows = [row for name in FILES for row in read_lines(folder / f"{name}.jsonl")]
    return [
        Item(prompt(row.get("title") or "", row.get("text") or ""), row["kind"], row["split"], row["group"],
             targets_of(row), id=row["id"])
        for row in rows
    ]


def targets_of(row: dict) -> dict[str, list[float]]:
    targets = {}
    if "intent" in row:
        targets["intent"] = several(INTENTS, row["intent"])
    if "topics" in row:
        targets["topic"] = several(TOPICS, row["topics"])
    if "action" in row:
        targets["action"] = shares(ACTIONS, row["action"])
    if "risk" in row:
        targets["risk"] = shares(RISKS, row["risk"])
    if "sentiment" in row:
        targets["sentiment"] = shares(FEELINGS, [row["sentiment"]])
    if "mixed" in row:
        targets["mixed"] = [float(row["mixed"])]
    return targets


def several(names: tuple[str, ...], labels: list[str]) -> list[float]:
    return [float(name in labels) for name in names] + [float(not labels)]


def shares(names: tuple[str, ...], labels: list[str]) -> list[float]:
    first, *others = labels
    if not others:
        return [float(name == first) for name in names]
    return [FIRST if name == first else (1 - FIRST) / len(others) if name in others else 0.0 for name in names]


def feelings(path: Path, task: str, seed: int = 7) -> list[Item]:
    """A public set of sentiments; one person in ten is held out."""
    rows = read_lines(path)
    if task == "nhs":
        rows = [row for row in rows if not row["dup_text"] and len(row["text"].split()) >= 4]
    groups = sorted({str(row.get("respondent", row["id"])) for row in rows})
    random.Random(seed).shuffle(groups)
    held = set(groups[: len(groups) // 10])
    return [
        Item(prompt("", row["text"]), task, "dev" if str(row.get("respondent", row["id"])) in held else "train",
             row["id"], {task: shares(FEELINGS, [row["label"]])} | lent(row["label"]), id=row["id"])
        for row in rows
    ]


def lent(label: str) -> dict[str, list[float]]:
    """Where neutral ends is drawn differently elsewhere; what people call positive or negative, we do too."""
    return {} if label == "neutral" else {"sentiment": shares(FEELINGS, [label])}


def tokenise(tokenizer: Tokenizer, items: list[Item], longest: int) -> None:
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    for item, encoding in zip(items, tokenizer.encode_batch([item.text for item in items])):
        item.tokens = encoding.ids


def padded(rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, both [batch, longest row]."""
    longest = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros(len(rows), longest)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    return ids, mask


def batches(items: list[Item], size: int, dice: random.Random) -> Iterator[list[Item]]:
    """Every item once, in batches of about one length, so that little is spent on padding."""
    order = items[:]
    dice.shuffle(order)
    groups = []
    for start in range(0, len(order), 40 * size):
        stretch = sorted(order[start : start + 40 * size], key=lambda item: len(item.tokens))
        groups += [stretch[at : at + size] for at in range(0, len(stretch), size)]
    dice.shuffle(groups)
    yield from groups
