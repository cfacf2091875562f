"""Questions and the records that answer them."""

import math
from pathlib import Path

import torch

from data import prompt, read_lines


def questions(path: Path) -> list[dict]:
    """Each question with its split, its record and those that only look like it, as prompts."""
    of = lambda record: prompt(record.get("title") or "", record.get("text") or "")
    return [
        {
            "query": prompt("", row["query"]),
            "positive": of(row["positive"]),
            "negatives": [of(negative) for negative in row["hard_negatives"]],
            "split": row["split"],
        }
        for row in read_lines(path)
    ]


def faq(path: Path) -> tuple[list[str], list[str], list[set[int]]]:
    """StackFAQ: queries, documents, and which documents answer each query."""
    rows = read_lines(path)
    documents = [row for row in rows if row["kind"] == "doc"]
    place = {row["id"]: at for at, row in enumerate(documents)}
    asked = [row for row in rows if row["kind"] == "query"]
    right = [{place[id] for id in row["relevant"]} for row in asked]
    return [row["text"] for row in asked], [row["text"] for row in documents], right


def ndcg(queries: torch.Tensor, records: torch.Tensor, right: list[set[int]], depth: int = 10) -> float:
    """Mean nDCG@depth of ranking by cosine; every right record counts the same."""
    ranked = (queries @ records.T).topk(depth).indices.tolist()
    total = 0.0
    for found, wanted in zip(ranked, right):
        gain = sum(1 / math.log2(at + 2) for at, record in enumerate(found) if record in wanted)
        best = sum(1 / math.log2(at + 2) for at in range(min(depth, len(wanted))))
        total += gain / best
    return total / len(right)
