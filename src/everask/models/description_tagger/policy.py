"""Which wordings to take for a set of topics, by what people accepted and rejected.

Greedy search over candidates, and REINFORCE: a policy with one softmax over each topic's candidates, rewarded
by the log-probability of the accepted labels, less the mean reward of the other samples of the same step
(leave-one-out; Kool et al. 2019). The paper that learns descriptions so: Chai et al., ICML 2020.
Shapes: K topics, C candidates each, N judged texts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Choice = NDArray[np.int64]

SAMPLES = 8
JUDGED = 200
"""Texts that a step of the policy is rewarded by."""
RATE = 1.0
SHARPNESS = 0.07
"""Of the softmax over topics that the reward is taken from, in units of cosine."""


def reward(scores_kcn: Scores, chosen_k: Choice, target_n: Choice) -> float:
    """The mean log-probability of the judged texts' topics when each topic has its chosen wording."""
    scores_kn = scores_kcn[np.arange(len(chosen_k)), chosen_k] / SHARPNESS
    return float(np.mean(scores_kn[target_n, np.arange(len(target_n))] - _log_sum(scores_kn)))


def search_greedily(scores_kcn: Scores, target_n: Choice, rounds: int = 3) -> Choice:
    """Topic after topic, the candidate with the best reward while the others stay as they are."""
    chosen_k = np.zeros(len(scores_kcn), np.int64)
    for _ in range(rounds):
        before = chosen_k.copy()
        for topic in range(len(chosen_k)):
            scores_kn = scores_kcn[np.arange(len(chosen_k)), chosen_k] / SHARPNESS
            others = _log_sum(np.delete(scores_kn, topic, axis=0))
            own_cn = scores_kcn[topic] / SHARPNESS
            total_cn = np.logaddexp(own_cn, others)
            fixed_n = scores_kn[target_n, np.arange(len(target_n))]
            said_cn = np.where(target_n == topic, own_cn, fixed_n) - total_cn
            chosen_k[topic] = int(said_cn.mean(axis=1).argmax())
        if np.array_equal(before, chosen_k):
            break
    return chosen_k


def reinforce(scores_kcn: Scores, target_n: Choice, seed: int, steps: int = 120) -> Choice:
    """The candidates that a policy prefers at the end, one a topic."""
    draw = np.random.default_rng(seed)
    num_topics, num_candidates, _ = scores_kcn.shape
    logits_kc = np.zeros((num_topics, num_candidates))
    logits_kc[:, 0] = 1.0  # the user's own wording, a little
    for _ in range(steps):
        policy_kc = np.exp(logits_kc - logits_kc.max(axis=1, keepdims=True))
        policy_kc /= policy_kc.sum(axis=1, keepdims=True)
        noise = draw.gumbel(size=(SAMPLES, num_topics, num_candidates))
        some = draw.permutation(len(target_n))[:JUDGED]
        sampled_sk = np.argmax(logits_kc + noise, axis=2)
        rewards_sk = np.stack(
            [_rewards(scores_kcn[:, :, some], chosen, target_n[some]) for chosen in sampled_sk]
        )
        base_sk = (rewards_sk.sum(axis=0) - rewards_sk) / (SAMPLES - 1)
        for chosen, better in zip(sampled_sk, rewards_sk - base_sk, strict=True):
            slope_kc = -policy_kc
            slope_kc[np.arange(num_topics), chosen] += 1
            logits_kc += RATE / SAMPLES * better[:, None] * slope_kc
    return np.asarray(logits_kc.argmax(axis=1), np.int64)


def _rewards(scores_kcn: Scores, chosen_k: Choice, target_n: Choice) -> Scores:
    """What each topic (K,) is rewarded with: the log-probability of all texts, its own counted for itself
    alone and the rest for all, so that a topic hears of what it took from others."""
    scores_kn = scores_kcn[np.arange(len(chosen_k)), chosen_k] / SHARPNESS
    log_kn = scores_kn - _log_sum(scores_kn)
    said_n = log_kn[target_n, np.arange(len(target_n))]
    own_k = np.bincount(target_n, said_n, minlength=len(chosen_k))
    taken_k = np.log1p(-np.minimum(np.exp(log_kn), 0.999)).sum(axis=1)
    taken_k -= np.bincount(target_n, np.log1p(-np.minimum(np.exp(said_n), 0.999)), minlength=len(chosen_k))
    return np.asarray(own_k + taken_k, np.float64)


def _log_sum(scores_kn: Scores) -> Scores:
    top = scores_kn.max(axis=0)
    return np.asarray(top + np.log(np.exp(scores_kn - top).sum(axis=0)), np.float64)
