"""A taught encoder has an id of its own, and begins with what ships for the one that it was taught from."""

from __future__ import annotations

import numpy as np

from everask.encoder import load_means, shipped_variant
from everask.encoder.names import shipped_id, taught_id


def test_a_taught_encoder_begins_with_the_means_that_ship() -> None:
    shipped = shipped_variant().id
    taught = taught_id(shipped, "0123456789ab")
    assert taught != shipped and shipped_id(taught) == shipped == shipped_id(shipped)
    means = load_means(taught)
    assert means and means.keys() == load_means(shipped).keys()
    assert all(np.array_equal(mean, load_means(shipped)[language]) for language, mean in means.items())
