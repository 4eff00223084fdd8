"""What bench/phrases.py compares: ways to pool a passage's token vectors, to rank by them and to mark."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Encoder
from everask.encoder.unit import unit
from everask.evaluate.halves import half_of
from everask.evaluate.spans import SpanQuestion, SpanSet
from everask.models.phrase_encoder import cut, score_spans
from everask.models.phrase_encoder.model import pool
from everask.text import analyse, analyse_query, sentences
from everask.text.telling import weigh

TOP, DEPTH = 20, 10
FACTOR, FEW, NARROW = 4, 12, 128
CENTRED = (
    "Token vectors are taken without the mean of the pool's tokens; of a single passage, without its own."
)
_STRETCH = 1_600

Floats = NDArray[np.float32]
Span = tuple[int, int]


class Pool:
    """The paragraphs of a language with token vectors, and questions of one half in that language."""

    def __init__(self, one: SpanSet, encoder: Encoder, num_questions: int, half: str) -> None:
        self.language = one.language
        self.texts = list(one.paragraphs.values())
        self.numbers = {key: number for number, key in enumerate(one.paragraphs)}
        self.vectors = encoder.encode_passages(self.texts)
        read = [encoder.encode_tokens(text) for text in self.texts]
        self.states = [states for states, _ in read]
        self.places = [places for _, places in read]
        self.mean = np.concatenate([unit(states) for states in self.states]).mean(axis=0)
        self.phrases = [cut(text, one.language) for text in self.texts]
        kept = sorted((two for two in one.questions if half_of(two.article) == half), key=lambda two: two.id)
        self.questions: list[SpanQuestion] = kept[:: max(1, len(kept) // num_questions)][:num_questions]
        self.all = {two.id: two for two in one.questions}
        self.asked = {two.id: encoder.encode_query(two.text) for two in self.questions}
        self.tokens = {two.id: encoder.encode_tokens(two.text, is_query=True)[0] for two in self.questions}
        self.asked_mean = np.stack(list(self.asked.values())).mean(axis=0)
        self.token_mean = np.concatenate([unit(rows) for rows in self.tokens.values()]).mean(axis=0)

    def centred(self, number: int) -> Floats:
        """Token vectors (T, D) of a paragraph."""
        return unit(unit(self.states[number]) - self.mean)


def rank_all(asking: Pool, pool_: Pool) -> dict[str, tuple[list[float], float]]:
    """nDCG@10 by question of every method, and how many vectors a passage has in it."""
    numbers = range(len(pool_.texts))
    tokens = [pool_.centred(number) for number in numbers]
    phrases = [pool(tokens[n], pool_.places[n], pool_.phrases[n]).vectors for n in numbers]
    sets: dict[str, list[Floats]] = {
        "MaxSim, phrases": phrases,
        f"MaxSim, {FEW} clusters": [_clusters(rows, FEW) for rows in tokens],
        f"MaxSim, clusters of {FACTOR} tokens": [_clusters(rows, len(rows) // FACTOR) for rows in tokens],
        "MaxSim, all tokens": tokens,
    }
    basis = _basis(np.concatenate(tokens))
    for name in ("MaxSim, phrases", f"MaxSim, clusters of {FACTOR} tokens"):
        sets[f"{name}, {NARROW}-d int8"] = [_narrow(rows, basis) for rows in sets[name]]
    single = unit(pool_.vectors - pool_.vectors.mean(axis=0))
    found: dict[str, list[float]] = {"one vector": [], **{name: [] for name in sets}}
    for question in asking.questions:
        gold = pool_.numbers[question.paragraph]
        first = single @ unit((asking.asked[question.id] - asking.asked_mean)[None])[0]
        best = np.argsort(-first, kind="stable")[:TOP]
        found["one vector"].append(_gain(best, gold))
        asked = unit(unit(asking.tokens[question.id]) - asking.token_mean)
        for name, rows in sets.items():
            moved = asked @ basis if str(NARROW) in name else asked
            again = [float((unit(moved) @ rows[number].T).max(axis=1).mean()) for number in best]
            found[name].append(_gain(best[np.argsort(-np.array(again), kind="stable")], gold))
    sizes = {"one vector": 1.0, **{name: float(np.mean([len(one) for one in s])) for name, s in sets.items()}}
    return {name: (values, sizes[name]) for name, values in found.items()}


def _gain(order: NDArray[np.int64], gold: int) -> float:
    places = np.flatnonzero(order[:DEPTH] == gold)
    return 1 / math.log2(int(places[0]) + 2) if len(places) else 0.0


def _clusters(rows: Floats, many: int) -> Floats:
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(rows) <= max(1, many):
        return rows
    owners = fcluster(linkage(rows, "average", metric="cosine"), max(1, many), "maxclust")
    return unit(np.stack([rows[owners == one].mean(axis=0) for one in np.unique(owners)]))


def _basis(rows: Floats) -> Floats:
    """(D, 128): the directions in which the vectors differ most."""
    _, directions = np.linalg.eigh(rows.T @ rows)
    return np.asarray(directions[:, ::-1][:, :NARROW], np.float32)


def _narrow(rows: Floats, basis: Floats) -> Floats:
    made = unit(rows @ basis)
    return unit(np.round(made * 127).clip(-127, 127).astype(np.float32))


def highlight(asking: Pool, pool_: Pool) -> dict[str, list[tuple[bool, float]]]:
    """Whether the answer lies in what each method marks, and the share of the passage that is marked."""
    found: dict[str, list[tuple[bool, float]]] = {}
    for question in asking.questions:
        gold = pool_.all[question.id]
        if gold.starts[0] < 0:
            continue
        number = pool_.numbers[question.paragraph]
        text = pool_.texts[number]
        answer = (gold.starts[0], gold.starts[0] + len(gold.answers[0]))
        units = {"sentence": (sentences(text, pool_.language), 1), "2 phrases": (pool_.phrases[number], 2)}
        for what, (spans, many) in units.items():
            for how, scores in _scores(asking, pool_, question, number, spans).items():
                best = [spans[place] for place in np.argsort(-scores, kind="stable")[:many]]
                right = any(start <= answer[0] and answer[1] <= end for start, end in best)
                share = sum(end - start for start, end in best) / len(text)
                found.setdefault(f"{what}, {how}", []).append((right, share))
    return found


def _scores(
    asking: Pool, pool_: Pool, question: SpanQuestion, number: int, spans: Sequence[Span]
) -> dict[str, NDArray[np.float64]]:
    states, places = pool_.states[number], pool_.places[number]
    pooled = pool(unit(states) - unit(states).mean(axis=0), places, spans)
    near = dict(zip(pooled.spans, pooled.vectors @ asking.asked[question.id], strict=True))
    found = {
        "by its mean vector": np.array([near.get(span, -1.0) for span in spans], np.float64),
        "by MaxSim of tokens": score_spans(asking.tokens[question.id], states, places, spans),
    }
    if asking.language == pool_.language:
        found["by words"] = _shared_words(question.text, pool_.texts[number], spans, pool_.language)
    return found


def _shared_words(question: str, text: str, spans: Sequence[Span], language: str) -> NDArray[np.float64]:
    weights = weigh(analyse_query(question, language))
    return np.array(
        [
            sum(weights.get(token, 0.0) for token in set(analyse(text[start:end], language)))
            for start, end in spans
        ],
        np.float64,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, the sentences of its source, and the numbers of those that support it."""

    text: str
    evidence: tuple[str, ...]
    right: frozenset[int]


def read_claims(path: Path, many: int) -> Iterator[Claim]:
    """Claims that something supports."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    kept = [row for row in rows if row["supporting_sentences"] and any(row["supporting_sentences"])]
    for row in kept[:: max(1, len(kept) // many)][:many]:
        right = frozenset(number for group in row["supporting_sentences"] for number in group)
        yield Claim(row["claim"], tuple(row["evidence"]), right)


def rank_claim(claim: Claim, encoder: Encoder) -> dict[str, float]:
    """1 where the first sentence supports the claim, by method."""
    texts = [text or " " for text in claim.evidence]
    asked, _ = encoder.encode_tokens(claim.text, is_query=True)
    query = encoder.encode_query(claim.text)
    near = unit(encoder.encode_passages(texts)) @ query
    late: list[float] = []
    start = 0
    while start < len(texts):
        end, size = start, 0
        while end < len(texts) and (end == start or size + len(texts[end]) < _STRETCH):
            size += len(texts[end]) + 1
            end += 1
        joined, spans, at = " ".join(texts[start:end]), [], 0
        for text in texts[start:end]:
            spans.append((at, at + len(text)))
            at += len(text) + 1
        states, places = encoder.encode_tokens(joined)
        late += score_spans(asked, states, places, spans).tolist()
        start = end
    joined = "\n".join(texts)
    ends = np.cumsum([len(text) + 1 for text in texts])
    spans = [(int(end) - len(text) - 1, int(end) - 1) for text, end in zip(texts, ends, strict=True)]
    words = _shared_words(claim.text, joined, spans, "en")
    ranked = {"words": words, "e5, each sentence by itself": near, "MaxSim of tokens": np.array(late)}
    return {name: float(int(np.argmax(scores)) in claim.right) for name, scores in ranked.items()}
