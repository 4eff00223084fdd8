"""Which models the settings name, where they are, and opening them."""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from filelock import FileLock, Timeout

from everask import packs
from everask.answer.draft_readings import ModelReader
from everask.answer.rewarding import Rewarder
from everask.encoder import Encoder, build_encoder, encoder_id_of, open_encoder, shipped_variant
from everask.encoder.checker import Checker, open_checker
from everask.encoder.question import Asker, open_question, question_settings_of
from everask.encoder.question_build import CHECKER_NAME, QUESTION_NAME, build_question, shipped_question
from everask.errors import ModelError
from everask.generator import Generator, LocalSettings, full_name, open_local, open_remote
from everask.generator.quick import write_quick
from everask.models.merged_reward.model import shipped_merger
from everask.models.reward.model import shipped_heads
from everask.models.reward.safety import shipped_safety
from everask.settings import ModelSettings

GENERATORS = ("qwen2.5-1.5b", "qwen2.5-0.5b")
# Packs that are written again once, in a quick form (generator/quick.py), and the name of its file.
QUICK: Mapping[str, str] = {"qwen2.5-0.5b": "qwen2.5-coder-0.5b-instruct-iq4_nl-1.gguf"}
# What ships for a pack's very file, which its SHA-256 pins: models/summariser.
ADAPTERS: Mapping[str, str] = {"qwen2.5-0.5b": "answer-qwen2.5-0.5b-1.gguf"}


@dataclass(frozen=True, slots=True)
class _Quick:
    """The quick form of a pack, written or not."""

    pack: packs.Pack
    file: Path

    @property
    def is_there(self) -> bool:
        """Whether it was written of the pack's file, and is whole."""
        return packs.is_made_of(self.pack, self.file)


def models_folder(settings: ModelSettings) -> Path:
    """Where packs are kept."""
    return Path(settings.folder).expanduser() if settings.folder else packs.default_folder()


def encoder_folder(settings: ModelSettings) -> Path:
    """The folder of the encoder that the settings name, built or not."""
    if settings.encoder in packs.PACKS:
        return models_folder(settings) / f"{settings.encoder}-built"
    return Path(settings.encoder).expanduser()


def encoder_id(settings: ModelSettings) -> str | None:
    """The id under which vectors are kept, without opening the encoder; None when it is not there."""
    try:
        return encoder_id_of(encoder_folder(settings))
    except ModelError:
        return None


def find_encoder(settings: ModelSettings, note: Callable[[str], None]) -> Encoder:
    """Open the encoder; a pack that is missing is fetched if the settings allow it, then built. One that
    an older Everask built is set aside for the piles that still go by it.

    Raises ModelError when it is not there and cannot be had.
    """
    if settings.encoder in packs.PACKS:
        built = encoder_id(settings)
        try:
            if built != shipped_variant().id:
                prepare_encoder(settings, note)
        except ModelError:
            if built is None:
                raise  # else the older one does
    return open_encoder(encoder_folder(settings), num_threads=settings.num_threads)


def prepare_encoder(settings: ModelSettings, note: Callable[[str], None]) -> None:
    """Fetch the encoder's pack if it is missing, and build the encoder from it.

    Raises ModelError when it may not be fetched or cannot be had.
    """
    kept = models_folder(settings)
    file = packs.find(settings.encoder, kept)
    if file is None:
        if not settings.pull:
            raise ModelError("The encoder is not there.", f"Fetch it: everask models pull {settings.encoder}")
        note(f"Fetching the encoder {settings.encoder}, once.")
        file = packs.pull(settings.encoder, kept)
    note("Preparing the encoder, once.")
    folder = encoder_folder(settings)
    _set_aside(folder)
    build_encoder(file, folder)


def set_aside_folder(folder: Path, encoder_id: str) -> Path:
    """Where an encoder is kept that stood in `folder` before another version took its place."""
    return folder.with_name(f"{folder.name}-{encoder_id}")


def _set_aside(folder: Path) -> None:
    try:
        built = encoder_id_of(folder)
    except ModelError:
        return
    if built != shipped_variant().id:
        with contextlib.suppress(OSError):  # another process was faster, or it is there already
            folder.rename(set_aside_folder(folder, built))


def find_asker(settings: ModelSettings, note: Callable[[str], None]) -> Asker | None:
    """Open the question form, which ranks and reads; None where it does not ship or its pack is not there.

    It is built from the encoder's pack, once. Raises ModelError when it cannot be built or opened.
    """
    folder = _built_question(settings, QUESTION_NAME, "question", lambda: note("Preparing the reader, once."))
    return open_question(folder, num_threads=settings.num_threads) if folder else None


def find_checker(settings: ModelSettings, note: Callable[[str], None]) -> Checker | None:
    """Open what says whether a quote supports a sentence; None as for `find_asker`.

    It is built from the encoder's pack, once. Raises ModelError when it cannot be built or opened.
    """
    folder = _built_question(settings, CHECKER_NAME, "checker", lambda: note("Preparing the checker, once."))
    return open_checker(folder, num_threads=settings.num_threads) if folder else None


def find_rewarder(
    asker: Asker | None, checker: Checker | None, encoder: Encoder | None = None
) -> Rewarder | None:
    """What scores drafts with the merged reward; None without the reader, the checker, or what ships of it.
    Without the encoder nothing is said of what a draft declines.

    Raises ModelError where a file of it is damaged.
    """
    if asker is None or checker is None:
        return None
    heads, merger = shipped_heads(), shipped_merger()
    reader = ModelReader(checker, asker, encoder, shipped_safety())
    return Rewarder(reader, heads, merger) if heads and merger else None


def _built_question(settings: ModelSettings, name: str, task: str, note: Callable[[], None]) -> Path | None:
    """The folder of a shipped adapter of the question form, built; None without it or the encoder's pack."""
    adapter = shipped_question(name)
    file = packs.find("e5-small", models_folder(settings)) if adapter else None
    if adapter is None or file is None:
        return None
    folder = models_folder(settings) / f"e5-small-{task}-built"
    if question_settings_of(folder) is None:
        note()
    build_question(file, adapter, folder, models_folder(settings) / "e5-small-built")
    return folder


def find_generator(settings: ModelSettings, taught: Path | None = None) -> Generator | None:
    """Open the language model that the settings name; None when there is none. `taught` is an adapter to use
    instead of the one that ships.

    Raises ModelError when one is named and is not there.
    """
    if settings.remote_url:
        key = os.environ.get(settings.remote_key_variable, "")
        return open_remote(settings.remote_url, settings.remote_model, key)
    file = generator_file(settings)
    if file is None:
        return None
    adapters = find_adapters(file, settings, taught)
    return open_local(file, LocalSettings(num_threads=settings.num_threads), adapters)


def prepare_generator(settings: ModelSettings, note: Callable[[str], None]) -> bool:
    """Write the quick form of the language model in use, where its pack has one that is not there yet;
    whether it was written.

    Where it cannot be, `note` says so, and the pack's own file serves; so it does while another writes it.
    """
    try:
        file, quick = (None, None) if settings.remote_url else _named_model(settings)
    except ModelError:
        return False  # said where it is opened
    if file is None or quick is None or quick.is_there or not _has("gguf"):
        return False
    try:
        with FileLock(quick.file.with_name(f".{quick.file.name}.lock"), timeout=0):
            note("Preparing the language model, once.")
            write_quick(file, quick.file)
            packs.write_stamp(quick.pack, quick.file)
    except Timeout:
        return False
    except (ModelError, OSError, ImportError) as error:
        note(f"The language model serves as it was fetched, which is slower: {error}")
        return False
    return True


def generator_file(settings: ModelSettings) -> Path | None:
    """The file of the language model that the settings name, in its quick form where that was written.

    Raises ModelError when one is named and is not there.
    """
    file, quick = _named_model(settings)
    return quick.file if quick is not None and quick.is_there else file


def _quick_of(pack: str, settings: ModelSettings) -> _Quick | None:
    """The quick form of a pack; None for what has none."""
    return _Quick(packs.PACKS[pack], models_folder(settings) / QUICK[pack]) if pack in QUICK else None


def find_adapters(file: Path, settings: ModelSettings, taught: Path | None = None) -> dict[str, Path]:
    """What the language model in `file` was taught beside, by the name that requests use; `taught` instead of
    what ships.

    Raises ModelError where the settings name an adapter that is not there.
    """
    if settings.adapter == "off":
        return {}
    if settings.adapter != "auto":
        named = Path(settings.adapter).expanduser()
        if not named.is_file():
            raise ModelError(
                f"There is no adapter at {named}.", 'Set models.adapter to a GGUF file, "auto" or "off".'
            )
        return {"answer": named}
    folder = models_folder(settings)
    for pack, name in ADAPTERS.items():
        shipped = Path(str(files("everask") / "weights" / name))
        found, quick = packs.find(pack, folder), _quick_of(pack, settings)
        is_of_pack = found is not None and (file == found or (quick is not None and file == quick.file))
        if is_of_pack and shipped.is_file():
            return {"answer": taught or shipped}
    return {}


def tunable_model(settings: ModelSettings) -> Path | None:
    """The language model in use, if it is one that what ships of answers was trained on; else None.

    Raises ModelError where it is named and not there.
    """
    file = None if settings.remote_url else generator_file(settings)
    return file if file is not None and "answer" in find_adapters(file, settings) else None


def generator_name(settings: ModelSettings, taught: Path | None = None) -> str | None:
    """The name of the language model in use, without opening it; with what it was `taught`."""
    if settings.remote_url:
        return f"{settings.remote_model} at {settings.remote_url}"
    try:
        file = generator_file(settings)
        return full_name(file, find_adapters(file, settings, taught).values()) if file else None
    except ModelError:
        return None


def missing(settings: ModelSettings) -> list[tuple[str, str]]:
    """What `doctor` says of models: (what is missing, what to do)."""
    lines: list[tuple[str, str]] = []
    if encoder_id(settings) is None:
        lines.append(("No encoder: search is by words only.", f"everask models pull {settings.encoder}"))
    try:
        if not settings.remote_url and generator_file(settings) is None and settings.generator != "none":
            lines.append(("No language model: answers are quotes.", f"everask models pull {GENERATORS[0]}"))
    except ModelError as error:
        lines.append((error.message, error.hint))
    if not _has("xllamacpp"):
        lines.append(("The extra for local language models is missing.", "pip install 'everask[llm]'"))
    elif not _has("gguf"):
        lines.append(("The extra for local language models is not whole.", "pip install 'everask[llm]'"))
    if not _has("rapidocr"):
        lines.append(("The extra for scanned pages is missing.", "pip install 'everask[ocr]'"))
    return lines


def _named_model(settings: ModelSettings) -> tuple[Path | None, _Quick | None]:
    """The file that the settings name, and of a pack its quick form, written or not."""
    name, folder = settings.generator, models_folder(settings)
    if name == "none" or (name == "auto" and not _has("xllamacpp")):
        return None, None
    if name == "auto" or name in packs.PACKS:
        for pack in GENERATORS if name == "auto" else (name,):
            if (file := packs.find(pack, folder)) is not None:
                return file, _quick_of(pack, settings)
        if name == "auto":
            return None, None
        raise ModelError(f"The language model {name} is not there.", f"Fetch it: everask models pull {name}")
    path = Path(name).expanduser()
    if not path.is_file():
        raise ModelError(
            f"There is no language model at {path}.", "Set models.generator to a pack or a GGUF file."
        )
    return path, None


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
