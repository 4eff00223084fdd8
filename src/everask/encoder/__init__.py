"""One multilingual encoder: texts in, vectors out. Importing it loads no weights and no runtime."""

from everask.encoder.build import Variant, build_encoder, shipped_variant
from everask.encoder.encoder import Encoder, EncoderSettings
from everask.encoder.means import load_means, mean_of
from everask.encoder.open import encoder_id_of, open_encoder

__all__ = [
    "Encoder",
    "EncoderSettings",
    "Variant",
    "build_encoder",
    "encoder_id_of",
    "load_means",
    "mean_of",
    "open_encoder",
    "shipped_variant",
]
