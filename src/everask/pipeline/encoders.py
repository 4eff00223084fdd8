"""The encoders of an engine: the one that searches go by, and the one that is to take over from it.

The settings, or what was taught, say which encoder is wanted. Where the store's vectors are of another
one, that one goes on serving, from where it was set aside, until the wanted one's vectors are complete;
then the store's one row is changed, at once for every process, and the old vectors are removed. Where
the old encoder cannot be opened any more, the wanted one serves at once: rough vectors and words find
everything until the full vectors are there. Killed anywhere in between, it goes on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from everask.encoder import Encoder, encoder_id_of, open_encoder
from everask.encoder.static import MARK
from everask.errors import ModelError
from everask.index import Store
from everask.index.serving import ActiveEncoder
from everask.pipeline import models
from everask.pipeline.encoding import encode_pending, encode_rough
from everask.pipeline.taught import in_use
from everask.settings import ModelSettings

NEWCOMERS = 1_000
"""Passages added during a change get full vectors of the old encoder too, when they are so few."""


class Searched(Protocol):
    """What is searched, and by what."""

    @property
    def store(self) -> Store: ...

    @property
    def encoder(self) -> Encoder | None: ...


@contextmanager
def one_state(parts: Searched) -> Iterator[None]:
    """Hold the state of the store that is searched, and choose the encoder within it: in the next one another
    may have taken over, and its vectors be gone. It is opened before, for it may have to be fetched, and
    whoever writes would wait for this reader."""
    if not parts.store.database.is_still:
        _ = parts.encoder
    with parts.store.still():
        yield


class Encoders:
    """Opened when they are first needed. Thread-safe."""

    def __init__(self, store: Store, settings: ModelSettings, note: Callable[[str], None]) -> None:
        self._store = store
        self._settings = settings
        self._note = note
        self._lock = threading.RLock()
        self._open: dict[Path, Encoder] = {}
        self._failed: set[Path] = set()
        self._serving: Encoder | None = None
        self._served: tuple[ActiveEncoder | None, Path] | None = None

    def serving(self) -> Encoder | None:
        """The encoder that searches go by; None when none is there and none could be fetched."""
        with self._lock:
            chosen = self._chosen()
            now = (self._store.active_encoder(), models.encoder_folder(chosen))
            if self._serving is None or now != self._served:
                self._serving = self._choose(now[0], chosen)
                # Another process may have changed it while an encoder was opened: choose again then.
                active = self._store.active_encoder()
                is_known = active == now[0] or (active and self._serving and active.id == self._serving.id)
                self._served = (active, now[1]) if is_known else None
            return self._serving

    def wanted(self) -> Encoder | None:
        """The encoder that the settings name, or what was taught; fetched and built if need be."""
        return self._wanted(self._chosen())

    def wanted_id(self) -> str | None:
        """The id of the wanted encoder, without opening it; None while it is not there."""
        return models.encoder_id(self._chosen())

    def num_pending(self) -> int:
        """How many passages have no vector of the wanted encoder; 0 while that is not there."""
        wanted = self.wanted_id()
        return self._store.num_pending(wanted) if wanted else 0

    def hurry(self, documents: Sequence[str]) -> None:
        """Let these documents be the next that are encoded, by whichever process."""
        wanted = self.wanted_id()
        if wanted and documents:
            self._store.hurry(wanted, documents)

    def encode(
        self,
        folder: Path,
        *,
        progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], bool] | None = None,
        asked: Callable[[], Sequence[str]] = tuple,
        wait: bool = False,
    ) -> int:
        """Encode all that waits, as `encode_pending` does; then let the wanted encoder serve, and remove
        what others left. Returns how many passages got a full vector."""
        serving, chosen = self.serving(), self._chosen()  # what is chosen may change meanwhile
        wanted = self._wanted(chosen)
        if serving is None or wanted is None:
            return 0
        if serving is not wanted:
            encode_rough(self._store, serving, folder, stopped)
            if self._store.num_pending(serving.id) <= NEWCOMERS:
                encode_pending(self._store, serving, folder, stopped=stopped)
        done = encode_pending(
            self._store, wanted, folder, progress=progress, stopped=stopped, asked=asked, wait=wait
        )
        if self._store.num_pending(wanted.id) == 0:
            active = self._store.active_encoder()
            if active is None or active.id != wanted.id:
                self._store.activate_encoder(wanted.id, str(models.encoder_folder(chosen)))
            self._store.keep_encoders([wanted.id])
        return done

    def _chosen(self) -> ModelSettings:
        return in_use(self._settings, self._store, self._note)

    def _wanted(self, chosen: ModelSettings) -> Encoder | None:
        with self._lock:
            folder = models.encoder_folder(chosen)
            if folder not in self._open and folder not in self._failed:
                try:
                    self._open[folder] = models.find_encoder(chosen, self._note)
                except ModelError as error:
                    self._failed.add(folder)  # not tried again at every search
                    self._note(f"Searching by words only: {error}")
            return self._open.get(folder)

    def _choose(self, active: ActiveEncoder | None, chosen: ModelSettings) -> Encoder | None:
        wanted = self._wanted(chosen)
        if wanted is None:
            return None
        place = models.encoder_folder(chosen)
        before = active or _of_an_older_everask(self._store)
        if before and before.id != wanted.id and self._store.num_pending(wanted.id):
            older = self._open_older(before, place)
            if older is not None:
                return older
            self._note("The vectors are made anew for another encoder; words find everything meanwhile.")
        if active is None or active.id != wanted.id:
            self._store.activate_encoder(wanted.id, str(place))
        return wanted

    def _open_older(self, before: ActiveEncoder, wanted: Path) -> Encoder | None:
        aside = models.set_aside_folder(wanted, before.id)
        for folder in (*([Path(before.folder)] if before.folder else ()), aside):
            try:
                if encoder_id_of(folder) != before.id:
                    continue
                if folder not in self._open or self._open[folder].id != before.id:
                    self._open[folder] = open_encoder(folder, num_threads=self._settings.num_threads)
                return self._open[folder]
            except ModelError:
                continue
        return None


def is_rough(name: str, encoder_id: str | None) -> bool:
    """Whether a name that the store knows is of the rough vectors of an encoder."""
    return encoder_id is not None and name.startswith(f"{encoder_id}{MARK}")


def _of_an_older_everask(store: Store) -> ActiveEncoder | None:
    """What served before the store had a row that names it: the only encoder with vectors."""
    full: Sequence[str] = [name for name in store.encoder_ids() if MARK not in name]
    return ActiveEncoder(full[0], "") if len(full) == 1 else None
