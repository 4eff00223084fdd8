"""Scores the sentences of the hits and says how likely each holds the answer.

Two small logistic models (figures in card.md): one shares out belief among the sentences (fitted by
dev/fit_reader.py), one says whether any of them answers at all (with the trained reader: answerable.py). A
sentence's probability is the product, so the probabilities of all evidence sum to that of an answer being
there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Encoder, load_means, mean_of
from everask.encoder.question import Asker, Reading
from everask.encoder.unit import unit
from everask.read.answerable import load_answerable, measure_answerable
from everask.read.candidates import Candidate, list_candidates, quote_end
from everask.read.features import Floats, differs, measure_question, measure_sentences
from everask.read.weights import has_weights, load_weights
from everask.text import analyse, analyse_query
from everask.text.telling import weigh
from everask.types import Evidence, Hit, Query

Vectors = NDArray[np.float32]
_MAX_ENCODED_CHARS = 400


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How much is read: hits, sentences that are encoded (they cost most), evidence that is returned."""

    num_hits: int = 8
    num_sentences: int = 24
    num_evidence: int = 8


def find_evidence(
    query: Query,
    hits: Sequence[Hit],
    encoder: Encoder | None,
    settings: ReadSettings | None = None,
    *,
    asker: Asker | None = None,
) -> list[Evidence]:
    """Sentences and rows that may answer, best first, with offsets into their documents.

    The sum of their probabilities is the probability that the hits answer the question at all. With
    `asker`, the trained reader, its scores count among the rest; what it was just asked costs nothing.
    """
    settings = settings or ReadSettings()
    candidates = choose_candidates(query, hits[: settings.num_hits], settings.num_sentences)
    if not candidates:
        return []
    # Without the languages' means, cosines have another scale than the fit's: words decide then.
    means = load_means(encoder.id) if encoder else {}
    cosines = compare(query, candidates, encoder, means) if encoder and means else None
    readings = read_passages(query, candidates, asker) if asker and cosines is not None else {}
    measured = measure_sentences(query, candidates, cosines, readings)
    weights = load_weights("words" if cosines is None else "reader" if readings else "vectors")
    scores = weights.score_sentences(measured.sentences)
    answerable = load_answerable() if readings else None
    if answerable:
        features, across = measure_answerable(query, candidates, measured, scores, readings)
        probability = answerable.chance(features, across=across)
    else:
        probability = weights.answerable(measure_question(query, candidates, measured, scores))
    order = np.argsort(-scores)[: settings.num_evidence]
    shares = np.exp(scores - scores.max())
    shares /= shares[order].sum()
    return [_evidence(candidates[one], probability * float(shares[one])) for one in order]


def choose_candidates(query: Query, hits: Sequence[Hit], limit: int) -> list[Candidate]:
    """At most `limit` sentences: half by the hits' order, the rest by the words they share."""
    candidates = list_candidates(hits)
    if len(candidates) <= limit:
        return candidates
    words = weigh(analyse_query(query.text, query.language))
    kept = candidates[: limit // 2]

    def shared(one: Candidate) -> float:
        if differs(query.language, one.hit.passage.language):
            return 0.5 / (1 + one.rank)
        return sum(words.get(token, 0.0) for token in set(analyse(one.text, one.hit.passage.language)))

    rest = sorted(candidates[limit // 2 :], key=shared, reverse=True)[: limit - len(kept)]
    return sorted(kept + rest, key=lambda one: (one.rank, one.ordinal))


def read_passages(query: Query, candidates: Sequence[Candidate], asker: Asker) -> dict[int, Reading]:
    """What the reader says of the passages, by the hits' ranks; nothing where its weights are not fitted."""
    if not has_weights("reader"):
        return {}
    return ask_passages(query, candidates, asker)


def ask_passages(query: Query, candidates: Sequence[Candidate], asker: Asker) -> dict[int, Reading]:
    """The reader's readings of the candidates' passages, by the hits' ranks."""
    hits = {one.rank: one.hit for one in candidates}
    readings = asker.ask(query.text, [hit.passage.asked for hit in hits.values()])
    return {rank: one for rank, one in zip(hits, readings, strict=True) if one is not None}


class SentenceEncoder(Protocol):
    """What reading needs of an encoder."""

    def encode_passages(self, texts: Sequence[str], /) -> Vectors: ...

    def encode_query(self, text: str, /) -> Vectors: ...


def compare(
    query: Query, candidates: Sequence[Candidate], encoder: SentenceEncoder, means: Mapping[str, Vectors]
) -> Floats:
    """Cosines (N,) of the sentences with the question, each centred by its language's mean."""
    vectors = encoder.encode_passages([_encoded_text(one) for one in candidates])
    own = np.stack([mean_of(one.hit.passage.language, means) for one in candidates])
    asked = encoder.encode_query(query.text) - mean_of(query.language, means)
    return np.asarray(unit(vectors - own) @ unit(asked[None])[0], dtype=np.float64)


def _encoded_text(candidate: Candidate) -> str:
    """A sentence, or a row with its header; the start of it, for the time that encoding takes."""
    row = candidate.hit.passage.kind == "table" and candidate.around
    return (candidate.around if row else candidate.text)[:_MAX_ENCODED_CHARS]


def evidence_at(hit: Hit, start: int, end: int) -> Evidence:
    """What a quote at these characters of a hit's document was, when it was found."""
    here = start - hit.passage.start
    context = next((one.context for one in list_candidates([hit]) if one.start == here), "")
    text = hit.passage.text[here : end - hit.passage.start]
    return Evidence(hit, start, end, text, 1.0, context or " > ".join(hit.passage.headings))


def _evidence(candidate: Candidate, probability: float) -> Evidence:
    passage, end = candidate.hit.passage, quote_end(candidate)
    return Evidence(
        candidate.hit,
        passage.start + candidate.start,
        passage.start + end,
        passage.text[candidate.start : end],
        probability,
        candidate.context,
    )
