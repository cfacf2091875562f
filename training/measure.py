"""Retrieval and public sentiment sets, measured on an ONNX encoder exactly as the service runs it: one text a run."""

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

import data
import retrieval

# The service reads this many tokens of a text.
LONGEST = 256


class Reader:
    """Texts to readings: search vectors, and features behind them where the encoder has them."""

    def __init__(self, weights: Path, tokenizer: Path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self.inputs = {one.name for one in self.session.get_inputs()}
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(LONGEST)

    def __call__(self, texts: list[str]) -> torch.Tensor:
        rows = []
        for encoding in self.tokenizer.encode_batch(texts):
            ids = np.array([encoding.ids], dtype=np.int64)
            given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            outputs = self.session.run(None, {name: given[name] for name in self.inputs})
            parts = [F.normalize(torch.from_numpy(output)[0].mean(0), dim=0) for output in outputs]
            rows.append(torch.cat(parts))
        return torch.stack(rows)


def of_questions(read: Reader, items: Path) -> dict[str, float]:
    asked = retrieval.questions(items / "search.jsonl")
    records = sorted({text for row in asked for text in (row["positive"], *row["negatives"])})
    vectors = read(records)[:, :384]
    found = {"records": len(records)}
    for split in ("dev", "test"):
        own = [row for row in asked if row["split"] == split]
        queries = read([row["query"] for row in own])[:, :384]
        right = [{records.index(row["positive"])} for row in own]
        found |= {f"{split} questions": len(own), f"{split} nDCG@10": round(retrieval.ndcg(queries, vectors, right), 4)}
    return found


def of_faq(read: Reader, path: Path) -> dict[str, float]:
    asked, documents, right = retrieval.faq(path)
    return {"nDCG@10": round(retrieval.ndcg(read(asked)[:, :384], read(documents)[:, :384], right), 4)}


def of_feelings(read: Reader, path: Path, name: str, heads: dict) -> dict[str, float]:
    """The shipped sentiment heads on people's own words; only what training held out."""
    rows = [item for item in data.feelings(path, name) if item.split == "dev"]
    readings = read([item.text for item in rows])
    labels = heads["tasks"]["sentiment"]["labels"]
    logits = []
    for label in data.FEELINGS:
        weights = torch.tensor(labels[label]["weights"])
        logits.append(readings[:, : len(weights)] @ weights + labels[label]["bias"])
    right = torch.stack(logits, 1).argmax(1) == torch.tensor([item.targets[name] for item in rows]).argmax(1)
    return {"items": len(rows), "accuracy": round(right.float().mean().item(), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a folder of models/")
    parser.add_argument("--weights", type=Path, help="other weights for it, such as those before quantisation")
    parser.add_argument("--items", type=Path, default=Path(__file__).parent.parent / "config" / "training")
    parser.add_argument("--faq", type=Path, help="StackFAQ, data.jsonl")
    parser.add_argument("--nhs", type=Path, help="NHS comments, data.jsonl")
    parser.add_argument("--dynasent", type=Path, help="DynaSent, data.jsonl")
    options = parser.parse_args()
    read = Reader(options.weights or options.folder / "onnx" / "model_quantized.onnx", options.folder / "tokenizer.json")
    print(json.dumps({"questions": of_questions(read, options.items)}), flush=True)
    if options.faq:
        print(json.dumps({"StackFAQ": of_faq(read, options.faq)}), flush=True)
    heads = options.folder / "heads.json"
    for name in ("nhs", "dynasent"):
        if getattr(options, name) and heads.exists():
            found = of_feelings(read, getattr(options, name), name, json.loads(heads.read_text()))
            print(json.dumps({name: found}), flush=True)


if __name__ == "__main__":
    main()
