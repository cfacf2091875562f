"""Writes a trained encoder as ONNX with 8-bit weights, in a folder that Transformers.js and the service read."""

import argparse
import json
import shutil
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from model import LAYERS, WIDTH, Encoder

OPSET = 17


class Graph(nn.Module):
    """The encoder as the service runs it: integer ids and mask in, token states out."""

    def __init__(self, encoder: Encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor):
        return self.encoder.states(input_ids, attention_mask.float())


def write_float(encoder: Encoder, path: Path) -> None:
    encoder.eval()
    ids = torch.tensor([[101, 7592, 2088, 102]])
    torch.onnx.export(
        Graph(encoder), (ids, torch.ones_like(ids)), str(path),
        input_names=["input_ids", "attention_mask"], output_names=["last_hidden_state", "features"],
        dynamic_axes={name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask", "last_hidden_state", "features")},
        opset_version=OPSET, dynamo=False,
    )


def write_quantised(source: Path, target: Path, per_channel: bool, narrow: bool) -> None:
    """8-bit weights, activations quantised as they come; `narrow`: 7 bits, which no processor's 16-bit sums overflow."""
    ready = source.with_suffix(".ready.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    quantize_dynamic(
        str(ready), str(target), per_channel=per_channel, reduce_range=narrow, weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"], extra_options={"MatMulConstBOnly": True, "WeightSymmetric": True},
    )
    ready.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--no-per-channel", action="store_true")
    parser.add_argument("--no-narrow", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    kept = torch.load(options.model)
    encoder = Encoder(kept["branch"])
    encoder.load_state_dict(kept["encoder"])
    target = options.output / "onnx" / "model_quantized.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    source = options.model.with_suffix(".onnx")
    write_float(encoder, source)
    write_quantised(source, target, not options.no_per_channel, not options.no_narrow)
    print(f"{target}: {target.stat().st_size:,} bytes, {sum(1 for _ in onnx.load(target).graph.node)} nodes")


if __name__ == "__main__":
    main()
