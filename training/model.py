"""The encoder: MiniLM's six layers give the search vector, a layer of their own on the fifth's states the features."""

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

WIDTH = 384
HEADS = 12
INNER = 1536
LAYERS = 6
EPSILON = 1e-12


class Layer(nn.Module):
    """One BERT layer: attention and feed-forward, each with its residual and layer norm after it."""

    def __init__(self, dropout: float):
        super().__init__()
        self.query_key_value = nn.Linear(WIDTH, 3 * WIDTH)
        self.attended = nn.Linear(WIDTH, WIDTH)
        self.norm_attended = nn.LayerNorm(WIDTH, EPSILON)
        self.inner = nn.Linear(WIDTH, INNER)
        self.outer = nn.Linear(INNER, WIDTH)
        self.norm_outer = nn.LayerNorm(WIDTH, EPSILON)
        self.dropout = dropout

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        drop = lambda x: F.dropout(x, self.dropout, self.training)
        batch, length, _ = states.shape
        parts = self.query_key_value(states).view(batch, length, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5 + mask
        shares = scores.softmax(-1)
        attended = (shares @ value).transpose(1, 2).reshape(batch, length, WIDTH)
        states = self.norm_attended(states + drop(self.attended(attended)))
        return self.norm_outer(states + drop(self.outer(F.gelu(self.inner(states)))))


class Encoder(nn.Module):
    """Tokens to two unit vectors: `search` of the last layer, `features` of `branch` layers beside the last ones."""

    def __init__(self, branch: int = 1, dropout: float = 0.1, vocabulary: int = 30522, positions: int = 512):
        super().__init__()
        self.words = nn.Embedding(vocabulary, WIDTH)
        self.positions = nn.Embedding(positions, WIDTH)
        self.segment = nn.Parameter(torch.zeros(WIDTH))
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.branch = nn.ModuleList(Layer(dropout) for _ in range(branch))
        self.dropout = dropout

    def states(self, ids: torch.Tensor, mask: torch.Tensor, frozen: int = 0, search: bool = True):
        """
        Token states for search and for the features, both [batch, tokens, 384]; without `search` the features alone.
        What the first `frozen` layers do is not learnt.
        """
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.norm(self.words(ids) + self.positions(places) + self.segment)
        states = F.dropout(states, self.dropout, self.training)
        away = ((1.0 - mask[:, None, None, :]) * -1e4).to(states.dtype)
        fork = LAYERS - len(self.branch)
        with torch.set_grad_enabled(torch.is_grad_enabled() and frozen == 0):
            for layer in self.layers[:frozen]:
                states = layer(states, away)
        for layer in self.layers[frozen:fork]:
            states = layer(states, away)
        aside = states
        for layer in self.layers[fork:] if search else []:
            states = layer(states, away)
        for layer in self.branch:
            aside = layer(aside, away)
        return states, (aside if len(self.branch) else states)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, frozen: int = 0, search: bool = True):
        states, aside = self.states(ids, mask, frozen, search)
        return unit_mean(states, mask), unit_mean(aside, mask)


def unit_mean(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the states that the mask keeps, brought to unit length, as the service does it."""
    weights = mask[:, :, None].float()
    return F.normalize((states.float() * weights).sum(1) / weights.sum(1), dim=-1)


def from_minilm(path: str, branch: int, dropout: float) -> Encoder:
    """all-MiniLM-L6-v2 from its safetensors; the branch starts as a copy of the last layers."""
    given = {name: value.float() for name, value in load_file(path).items() if value.is_floating_point()}
    encoder = Encoder(branch, dropout)
    state = {
        "words.weight": given["embeddings.word_embeddings.weight"],
        "positions.weight": given["embeddings.position_embeddings.weight"],
        "segment": given["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": given["embeddings.LayerNorm.weight"],
        "norm.bias": given["embeddings.LayerNorm.bias"],
    }
    for at in range(LAYERS):
        own = _layer(given, f"encoder.layer.{at}.")
        state |= {f"layers.{at}.{name}": value for name, value in own.items()}
        if at >= LAYERS - branch:
            state |= {f"branch.{at - LAYERS + branch}.{name}": value for name, value in own.items()}
    encoder.load_state_dict(state)
    return encoder


def _layer(given: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    state = {}
    for kind in ("weight", "bias"):
        three = [given[f"{prefix}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
        state[f"query_key_value.{kind}"] = torch.cat(three)
        state[f"attended.{kind}"] = given[f"{prefix}attention.output.dense.{kind}"]
        state[f"norm_attended.{kind}"] = given[f"{prefix}attention.output.LayerNorm.{kind}"]
        state[f"inner.{kind}"] = given[f"{prefix}intermediate.dense.{kind}"]
        state[f"outer.{kind}"] = given[f"{prefix}output.dense.{kind}"]
        state[f"norm_outer.{kind}"] = given[f"{prefix}output.LayerNorm.{kind}"]
    return state
