"""Writes a trained encoder, or the average of several, as ONNX with 8-bit weights, as the service reads it."""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from data import ACTIONS, FEELINGS, INTENTS, RISKS, TOPICS
from model import Encoder
from objectives import LENGTH
from weights import mean_of

OPSET = 17
NAMES = ("input_ids", "attention_mask", "last_hidden_state", "features")


class Graph(nn.Module):
    """The encoder as the service runs it: integer ids and mask in, token states out."""

    def __init__(self, encoder: Encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor):
        return self.encoder.states(input_ids, attention_mask.float())


def average(paths: list[Path]) -> Encoder:
    encoder = Encoder(torch.load(paths[0])["branch"])
    encoder.load_state_dict(mean_of(paths, "encoder"))
    return encoder.eval()


def write_float(encoder: Encoder, path: Path) -> None:
    ids = torch.tensor([[101, 7592, 2088, 102]])
    torch.onnx.export(
        Graph(encoder), (ids, torch.ones_like(ids)), str(path), input_names=NAMES[:2], output_names=NAMES[2:],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in NAMES}, opset_version=OPSET, dynamo=False,
    )


def write_quantised(source: Path, target: Path, per_channel: bool, narrow: bool) -> None:
    """8-bit weights, activations quantised as they come; `narrow`: 7 bits, which no processor's 16-bit sums overflow."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        quantize_dynamic(
            str(ready), str(target), per_channel=per_channel, reduce_range=narrow, weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"],
            extra_options={"MatMulConstBOnly": True, "WeightSymmetric": True},
        )


# The labels of each head, in order; the empty one is "none of them".
LABELS = {
    "intent": (*INTENTS, ""), "topic": (*TOPICS, ""), "action": ACTIONS, "risk": RISKS,
    "sentiment": FEELINGS, "mixed": ("mixed",),
}


def write_learnt(paths: list[Path], folder: Path, weights: Path) -> None:
    """The heads that the encoder learnt with, for `touchpoint train` to stay near."""
    state = mean_of(paths, "heads")
    tasks: dict[str, dict] = {}
    for task, labels in LABELS.items():
        rows, biases = state[f"tasks.{task}.weight"].float() * LENGTH, state[f"tasks.{task}.bias"].float()
        heads = {
            label: {"weights": [float(f"{value:.5g}") for value in row.tolist()], "bias": float(f"{bias:.5g}")}
            for label, row, bias in zip(labels, rows, biases.tolist())
        }
        tasks.setdefault("sentiment" if task == "mixed" else task, {}).update(heads)
    name = f"{folder.name}@{hashlib.sha256(weights.read_bytes()).hexdigest()[:8]}"
    (folder / "learnt.json").write_text(json.dumps({"encoder": name, "tasks": tasks}, separators=(",", ":")) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, nargs="+", required=True, help="model.pt of one run, or of several to average")
    parser.add_argument("--output", type=Path, required=True, help="a folder of models/")
    parser.add_argument("--float", type=Path, help="keep the unquantised file here")
    parser.add_argument("--per-tensor", action="store_true", help="one scale for a whole matrix")
    parser.add_argument("--wide", action="store_true", help="weights of all 8 bits")
    options = parser.parse_args()
    torch.set_num_threads(1)
    target = options.output / "onnx" / "model_quantized.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = options.float or Path(folder) / "model.onnx"
        write_float(average(options.model), source)
        write_quantised(source, target, not options.per_tensor, not options.wide)
    write_learnt(options.model, options.output, target)
    print(f"{target}: {target.stat().st_size:,} bytes, {len(onnx.load(target).graph.node)} nodes")


if __name__ == "__main__":
    main()
