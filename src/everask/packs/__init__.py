"""Model packs: a short name in, a verified local file out. Knows nothing of what a model does."""

from everask.packs.catalogue import PACKS, HubFile, Pack, Part
from everask.packs.pull import pull, pull_pack
from everask.packs.stamp import default_folder, find, is_made_of, verify, write_stamp

__all__ = [
    "PACKS",
    "HubFile",
    "Pack",
    "Part",
    "default_folder",
    "find",
    "is_made_of",
    "pull",
    "pull_pack",
    "verify",
    "write_stamp",
]
