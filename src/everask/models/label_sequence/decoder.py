"""SGM's decoder: label attention, a GRU over the labels so far with a global embedding, and a masked softmax.

After Yang et al., COLING 2018: the embedding of the step is gated between the label chosen and the expected
label of all; a label that was chosen is masked. Labels come in the order of their frequency, and in two drawn
orders beside it. Shapes: B texts, K labels (and one more: the end), D features, H hidden.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

Marked = NDArray[np.bool_]
Numbers = NDArray[np.float64]

HIDDEN = 192
BATCH = 128
RATE = 2e-3
DROPPED = 0.3
ORDERS = 2
SINGLE_COUNTS = 1.0
"""What the loss of each label alone counts beside that of the sequence."""
MAX_LABELS = 6
_OUT = -1e4


class Decoder(nn.Module):
    """From a text's features to labels, one after another; and to each label alone."""

    def __init__(self, size: int, num_labels: int) -> None:
        super().__init__()
        self.num_labels = num_labels
        self.read = nn.Sequential(
            nn.Dropout(DROPPED), nn.Linear(size, HIDDEN), nn.Tanh(), nn.Dropout(DROPPED)
        )
        self.alone = nn.Linear(HIDDEN, num_labels)
        self.labels = nn.Embedding(num_labels + 2, HIDDEN)  # the end, and the beginning
        self.gate = nn.Linear(2 * HIDDEN, HIDDEN)
        self.cell = nn.GRUCell(3 * HIDDEN, HIDDEN)
        self.say = nn.Linear(2 * HIDDEN, num_labels + 1)

    def start(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of texts (B, D): what was read (B, H), the logits of each label alone (B, K), and the labels that
        a text attends to (B, H)."""
        read = self.read(features)
        logits = self.alone(read)
        attended = torch.sigmoid(logits) @ self.labels.weight[: self.num_labels]
        return read, logits, attended

    def step(
        self, context: tuple[Tensor, Tensor, Tensor], state: Tensor, last: Tensor, before: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The next state and the log-probabilities (B, K + 1), given the last label (B,) and probabilities
        of the step before (B, K + 1). Nothing is masked yet."""
        read, alone, attended = context
        chosen = self.labels(last)
        expected = before @ self.labels.weight[: self.num_labels + 1]
        share = torch.sigmoid(self.gate(torch.cat([chosen, expected], dim=1)))
        state = self.cell(torch.cat([share * chosen + (1 - share) * expected, read, attended], dim=1), state)
        logits = self.say(torch.cat([state, read], dim=1))
        return state, torch.cat([logits[:, :-1] + alone, logits[:, -1:]], dim=1)

    def single(self, rows: Numbers) -> Numbers:
        """The probability (N, K) of each label alone."""
        self.eval()
        with torch.no_grad():
            _, logits, _ = self.start(torch.tensor(rows, dtype=torch.float32))
        return np.asarray(torch.sigmoid(logits).numpy(), np.float64)


def fit_decoder(
    rows: Numbers, marked: Marked, tuning: tuple[Numbers, Marked], seed: int, epochs: int
) -> Decoder:
    """Train, and keep the epoch that found most whole sets of the tuning texts."""
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    decoder = Decoder(rows.shape[1], marked.shape[1])
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=0.01)
    features = torch.tensor(rows, dtype=torch.float32)
    best, kept = -1.0, {name: one.clone() for name, one in decoder.state_dict().items()}
    for _ in range(epochs):
        decoder.train()
        order = draw.permutation(len(rows))
        for first in range(0, len(order), BATCH):
            some = order[first : first + BATCH]
            loss = _loss(decoder, features[some], marked[some], draw)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(decoder.parameters(), 5.0)
            optimiser.step()
        found = float((decode(decoder, tuning[0], 1) == tuning[1]).all(axis=1).mean())
        if found > best:
            best, kept = found, {name: one.clone() for name, one in decoder.state_dict().items()}
    decoder.load_state_dict(kept)
    return decoder


def _loss(decoder: Decoder, features: Tensor, marked: Marked, draw: np.random.Generator) -> Tensor:
    context = decoder.start(features)
    target = torch.tensor(marked, dtype=torch.float32)
    total: Tensor = SINGLE_COUNTS * F.binary_cross_entropy_with_logits(context[1], target)
    for order in range(1 + ORDERS):
        total = total + _sequence_loss(decoder, context, _sequences(marked, draw, as_drawn=order > 0)) / (
            1 + ORDERS
        )
    return total


def _sequences(marked: Marked, draw: np.random.Generator, *, as_drawn: bool) -> NDArray[np.int64]:
    """Each row's labels, most frequent first or in a drawn order, then the end; -1 fills up."""
    num = marked.shape[1]
    width = min(int(marked.sum(axis=1).max()), MAX_LABELS)
    rows = np.full((len(marked), width + 1), -1, np.int64)
    for at, row in enumerate(marked):
        labels = np.where(row)[0]
        labels = (draw.permutation(labels) if as_drawn else labels)[:MAX_LABELS]
        rows[at, : len(labels)], rows[at, len(labels)] = labels, num
    return rows


def _sequence_loss(
    decoder: Decoder, context: tuple[Tensor, Tensor, Tensor], sequences: NDArray[np.int64]
) -> Tensor:
    target = torch.from_numpy(sequences)
    num = decoder.num_labels
    state, last = context[0], torch.full((len(target),), num + 1)
    before = torch.zeros(len(target), num + 1)
    taken = torch.zeros(len(target), num + 1)
    losses = []
    for at in range(target.shape[1]):
        state, logits = decoder.step(context, state, last, before)
        logits = logits + taken
        losses.append(F.cross_entropy(logits, target[:, at], ignore_index=-1, reduction="sum"))
        before = logits.softmax(dim=1)
        last = target[:, at].clamp(min=0)
        taken = taken.scatter(1, last[:, None], _OUT)
        taken[:, num] = 0
    return torch.stack(losses).sum() / len(target)


def decode(decoder: Decoder, rows: Numbers, beam: int) -> Marked:
    """The labels (N, K) of the best sequence of each text; never none."""
    decoder.eval()
    found = np.zeros((len(rows), decoder.num_labels), bool)
    with torch.no_grad():
        for first in range(0, len(rows), BATCH):
            features = torch.tensor(rows[first : first + BATCH], dtype=torch.float32)
            found[first : first + BATCH] = _beam(decoder, features, beam)
    return found


def _beam(decoder: Decoder, features: Tensor, beam: int) -> Marked:
    num, size = decoder.num_labels, len(features)
    context = tuple(one.repeat_interleave(beam, 0) for one in decoder.start(features))
    state, last = context[0], torch.full((size * beam,), num + 1)
    before, taken = torch.zeros(size * beam, num + 1), torch.zeros(size * beam, num + 1)
    taken[:, num] = _OUT  # a text has at least one label
    scores = torch.full((size, beam), _OUT * 10)
    scores[:, 0] = 0
    done = torch.zeros(size * beam, dtype=torch.bool)
    held = torch.zeros(size * beam, num, dtype=torch.bool)
    for _ in range(MAX_LABELS + 1):
        state, logits = decoder.step((context[0], context[1], context[2]), state, last, before)
        logits = (logits + taken).log_softmax(dim=1)
        only_end = torch.full_like(logits, _OUT * 10)
        only_end[:, num] = 0
        logits = torch.where(done[:, None], only_end, logits)
        total = (scores.reshape(-1, 1) + logits).reshape(size, -1)
        scores, places = total.topk(beam, dim=1)
        source = (places // (num + 1) + torch.arange(size)[:, None] * beam).reshape(-1)
        last = (places % (num + 1)).reshape(-1)
        state, before, taken, held = state[source], logits[source].exp(), taken[source], held[source]
        done = done[source] | (last == num)
        taken[:, num] = 0
        live = torch.where(last < num)[0]
        held[live, last[live]] = True
        taken[live, last[live]] = _OUT
        if bool(done.all()):
            break
    return np.asarray(held.reshape(size, beam, num)[:, 0].numpy(), bool)
