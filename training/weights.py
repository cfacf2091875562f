"""Which weights learn and how fast, in 32 bits while the encoder computes in 16."""

import copy
from pathlib import Path

import torch
from torch import nn

from model import Encoder


def groups(encoder: Encoder, heads: nn.Module, rates: dict[str, float], frozen: int) -> list[dict]:
    """Lower layers learn more slowly, the first `frozen` ones and the tables not at all."""
    found = [{"params": list(heads.parameters()), "lr": rates["heads"]}]
    depth = len(encoder.layers)
    fork = depth - len(encoder.branch)
    places = [(layer, at) for at, layer in enumerate(encoder.layers)]
    places += [(layer, fork + at) for at, layer in enumerate(encoder.branch)]
    encoder.requires_grad_(False)
    for layer, at in places:
        if at >= frozen:
            layer.requires_grad_(True)
            found.append({"params": list(layer.parameters()), "lr": rates["encoder"] * rates["decay"] ** (depth - 1 - at)})
    for group in found:
        group["peak"] = group["lr"]
    return found


def mean_of(paths: list[Path], part: str) -> dict[str, torch.Tensor]:
    """Runs that began at the same weights lie near each other: their mean is about as good as the best of them."""
    states = [torch.load(path)[part] for path in paths]
    return {name: sum(state[name].float() for state in states) / len(states) for name in states[0]}


class Masters:
    """Exact copies of weights that compute in 16 bits, because steps of training are too small for those; their average."""

    def __init__(self, groups: list[dict]):
        self.used = [parameter for group in groups for parameter in group["params"]]
        for group in groups:
            group["params"] = [parameter.detach().float().clone() for parameter in group["params"]]
        self.exact = [parameter for group in groups for parameter in group["params"]]
        self.mean = [parameter.clone() for parameter in self.exact]

    def take_gradients(self) -> None:
        for exact, used in zip(self.exact, self.used):
            exact.grad = None if used.grad is None else used.grad.float()
            used.grad = None

    @torch.no_grad()
    def give_weights(self) -> None:
        torch._foreach_copy_(self.used, self.exact)

    @torch.no_grad()
    def blend(self, keep: float) -> None:
        torch._foreach_lerp_(self.mean, self.exact, 1 - keep)

    @torch.no_grad()
    def averaged(self, encoder: Encoder, heads: nn.Module) -> tuple[Encoder, nn.Module]:
        """Copies with the average of the weights."""
        mean = {id(used): value for used, value in zip(self.used, self.mean)}
        pair = copy.deepcopy((encoder, heads))
        for module, original in zip(pair, (encoder, heads)):
            module.float()
            for new, old in zip(module.parameters(), original.parameters()):
                if id(old) in mean:
                    new.copy_(mean[id(old)])
        return pair
