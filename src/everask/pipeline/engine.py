"""The engine: a data folder opened for adding, searching and asking; the doors are thin over it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from everask import index
from everask.answer import warm_up
from everask.documents.names import file_uri
from everask.encoder import Encoder
from everask.encoder.checker import Checker
from everask.encoder.question import Asker
from everask.errors import MissingExtraError, ModelError, NotFoundError, StoreError
from everask.generator import BrokenGenerator, Generator
from everask.index import Store, sources
from everask.index.erasing import erase
from everask.index.granting import grant
from everask.index.impressions import ShownList
from everask.index.watched import take_out
from everask.pipeline import asking, models
from everask.pipeline.adding import AddReport, Progress, absolute, add_targets, is_url, place_uri
from everask.pipeline.asking import NO_FILTERS, Found, Groups, Origin, Question, Shown, to_query
from everask.pipeline.background import encode_apart
from everask.pipeline.calibrating import as_learned
from everask.pipeline.encoders import Encoders
from everask.pipeline.encoding import BackgroundEncoder
from everask.pipeline.recording import Recorder
from everask.pipeline.remembering import encode_remembered, remember
from everask.pipeline.state import Problem, Status, Statuses, problems_of
from everask.pipeline.tagging import following, tag_pile
from everask.pipeline.taught_answers import adapter_in_use, close_later
from everask.retrieve import understand
from everask.settings import Settings, default_data_folder, load_settings
from everask.types import (
    Answer,
    Answered,
    AnswerEvent,
    Document,
    DocumentInfo,
    Event,
    Filters,
    Hit,
    Query,
    Source,
    Turn,
    Understood,
)

WARMING = "everask"
"""What is searched for at the start, so that nobody waits while things are read for the first time."""
MANY_PENDING = 16
"""Passages; fewer are encoded sooner than a process has started."""
RENEWED_AT_ONCE = 1_000
"""Passages; the rest in the background, or when something is added."""
MAX_ASKED = 100
"""Documents found lately, which are encoded before others."""


class Engine:
    """Everything a user can do with one data folder. Thread-safe; close it when done.

    Models are opened when they are first needed. `note` receives one-line messages for people.
    """

    def __init__(self, settings: Settings, note: Callable[[str], None] | None = None) -> None:
        self.settings = settings
        self._note = note or (lambda message: None)
        settings.data.mkdir(parents=True, exist_ok=True)
        self.store = Store.open(settings.data)
        self.store.renew_words(RENEWED_AT_ONCE)
        self._lock = threading.RLock()
        self._encoders = Encoders(self.store, settings.models, self._note)
        self._statuses = Statuses(self.store, settings)
        self._asked: deque[str] = deque(maxlen=MAX_ASKED)
        self._generator: Generator | None = None
        self._adapter: Path | None = None
        self._asker: Asker | None = None
        self._checker: Checker | None = None
        self._generator_tried = self._asker_tried = self._checker_tried = False
        self._background: BackgroundEncoder | None = None
        self._recorder = Recorder(self.store.database)

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop background work and close the store and the models."""
        if self._background:
            self._background.close()
        if self._generator:
            self._generator.close()
        self._recorder.close()
        self.store.close()

    # Models

    @property
    def encoder(self) -> Encoder | None:
        """The encoder, or None when it is not there and could not be fetched: search is then by words."""
        return self._encoders.serving()

    @property
    def asker(self) -> Asker | None:
        """The question form that ranks and reads, or None where it is not there or cannot be opened."""
        with self._lock:
            if not self._asker_tried:
                self._asker_tried = True
                try:
                    self._asker = models.find_asker(self.settings.models, self._note)
                except ModelError as error:
                    self._note(f"Reading without the trained reader: {error}")
            return self._asker

    @property
    def checker(self) -> Checker | None:
        """What says whether a quote supports a sentence, or None as for `asker`: rules alone decide then."""
        with self._lock:
            if not self._checker_tried:
                self._checker_tried = True
                try:
                    self._checker = models.find_checker(self.settings.models, self._note)
                except ModelError as error:
                    self._note(f"Checking without the trained checker: {error}")
            return self._checker and as_learned(self._checker, self.store)

    @property
    def generator(self) -> Generator | None:
        """The language model, or None: answers are then verbatim quotes.

        One that is named and cannot be used is there, and says why when it is asked to write.
        """
        with self._lock:
            adapter = adapter_in_use(self.store, self.settings.models)
            if not self._generator_tried or adapter != self._adapter:
                self._generator_tried, self._adapter = True, adapter
                close_later(self._generator)
                try:
                    self._generator = models.find_generator(self.settings.models, adapter)
                except (ModelError, MissingExtraError) as error:
                    self._note(f"Answering with quotes: {error}")
                    self._generator = BrokenGenerator(error)
            return self._generator

    def prepare_generator(self) -> None:
        """Write the model's quick form, if it lacks it: 10 s, once; meanwhile the fetched file answers."""
        if models.prepare_generator(self.settings.models, self._note):
            with self._lock:
                self._generator_tried = False

    def warm_up(self) -> None:
        """Load the models, and what a search reads first, in a thread of its own; for a server."""
        threading.Thread(target=self._warm_up, name="everask-warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            if self.store.counts().passages:
                self.search(WARMING, with_marks=False)
            if self.asker is not None:
                self.asker.ask(WARMING, [WARMING])
            self.prepare_generator()
            if self.generator is not None and self.checker is not None:
                self.checker.check([(WARMING, WARMING)])
            warm_up(self.generator)
        except ModelError as error:
            self._note(f"The language model cannot be used: {error}")
        except StoreError as error:  # closed meanwhile: whoever searches next is told
            self._note(str(error))

    # Adding and removing

    def add(
        self,
        targets: Sequence[str | Path],
        progress: Progress | None = None,
        *,
        retry: bool = False,
        groups: Sequence[str] | None = None,
    ) -> AddReport:
        """Index files, folders and pages; what is acknowledged is findable by words at once.

        `groups` alone may read what is there, now and later; without any, everybody. None leaves it as it is.
        Vectors follow: by `wait_for_vectors`, or in the background after `start_background`.
        """
        named = [os.fspath(one) for one in targets]
        report = add_targets(self.store, self.settings, named, progress, retry, groups)
        self.wake()
        return report

    def wake(self) -> None:
        """Let the background, if it was started, make vectors of what is new and erase what was removed."""
        if self._background:
            self._background.wake()

    def remove(self, target: str) -> int:
        """Remove a file, folder, page or document (by path, URL, name or id) from the pile; not from disk.

        Returns how many sources went. Raises NotFoundError when there was none.
        """
        removed = take_out(self.store.database, place_uri(target))
        if not removed:
            found = self.store.find_document(target).uri.partition("#")[0]
            removed = take_out(self.store.database, found)
        if not removed:
            raise NotFoundError(f"{target} is not in the pile.", "`everask list` shows what is.")
        self.wake()
        return removed

    def set_groups(self, target: str, groups: Sequence[str]) -> int:
        """Let these groups alone read a file, folder, page or document, and what will be there; without any,
        everybody. Returns how many documents are there. Raises NotFoundError where there are none."""
        uri = place_uri(target)
        with self.store.database.writing() as connection:
            if not sources.uris_below(connection, uri):
                uri = self.store.find_document(target).uri
            return grant(connection, uri, groups)

    def wait_for_vectors(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Encode what is pending, here and now; return how many passages."""
        return self._encode(progress=progress, wait=True)

    def start_background(self, *, apart: bool = False) -> None:
        """Encode pending passages in a thread, now and whenever something is added; `apart`, where there are
        many, in a process of its own, so that searches do not wait for the interpreter meanwhile."""

        def work(stopped: Callable[[], bool]) -> None:
            if apart and self._encoders.num_pending() > MANY_PENDING:
                encode_apart(self.settings.data, stopped, lambda: self._encoders.hurry(self._take_asked()))
            self._encode(stopped=stopped)

        if self._background is None:
            self._background = BackgroundEncoder(work)

    def _encode(
        self,
        progress: Callable[[int, int], None] | None = None,
        stopped: Callable[[], bool] | None = None,
        wait: bool = False,
    ) -> int:
        self.store.renew_words(stopped=stopped)
        erase(self.store.database, stopped)
        encode_remembered(self)
        done = self._encoders.encode(
            self.settings.data,
            progress=progress,
            stopped=stopped,
            asked=following(self, self._take_asked, stopped),
            wait=wait,
        )
        tag_pile(self, stopped)
        return done

    def _take_asked(self) -> list[str]:
        """The documents that were found since this was last called."""
        return [self._asked.popleft() for _ in range(len(self._asked))]

    def tag(self) -> None:
        """Let tags follow what changed: in the background where it was started, else here and now."""
        if self._background:
            self._background.wake()
        else:
            tag_pile(self)

    # Searching and asking

    def understand(self, text: str, filters: Filters = NO_FILTERS) -> Understood:
        """What is made of what somebody types: words, "phrases", -exclusions, lang:de, and hints."""
        return understand(text, filters)

    def query(self, text: str, filters: Filters = NO_FILTERS, groups: Groups = None) -> Query:
        """A query with its language; its text is empty when there is nothing to look for."""
        return to_query(self.understand(text, filters), groups)

    def search(
        self,
        text: str,
        top: int = 10,
        filters: Filters = NO_FILTERS,
        groups: Groups = None,
        *,
        with_marks: bool = True,
    ) -> list[Hit]:
        """The passages that fit best, in any language, best first; marks are the matching words."""
        return self.find(text, top, filters, groups, with_marks=with_marks).hits

    def find(
        self,
        text: str,
        top: int = 10,
        filters: Filters = NO_FILTERS,
        groups: Groups = None,
        *,
        with_marks: bool = True,
        with_reasons: bool = False,
        user: int | None = None,
    ) -> Found:
        """The same as `search`, and how the text was understood; with `with_reasons`, what each hit's score
        is made of. `user` asks, whose own judgements count in full; None is the owner."""
        shown = Shown(top, with_marks, with_reasons, by_meaning=with_marks)
        return asking.find(self, Question(text, filters, groups, user=user), shown)

    def note_found(self, hits: Sequence[Hit]) -> None:
        """What was found is encoded before other documents."""
        self._asked.extend(hit.document.id for hit in hits)

    def note_shown(self, shown: ShownList) -> None:
        """What a person was shown is kept, a little later."""
        self._recorder.put(shown)

    def ask(
        self, text: str, filters: Filters = NO_FILTERS, groups: Groups = None, *, history: Sequence[Turn] = ()
    ) -> Answer:
        """A checked, cited answer in the question's language, or an abstention that says why.

        `history` is what was asked and answered before, oldest first: a question that leaves something
        out is understood by it.
        """
        for event in self.ask_stream(text, filters, groups, history=history):
            if isinstance(event, Answered):
                return event.answer
        raise AssertionError("an answer's stream ends with Answered")

    def ask_stream(
        self,
        text: str,
        filters: Filters = NO_FILTERS,
        groups: Groups = None,
        cancelled: Callable[[], bool] | None = None,
        *,
        history: Sequence[Turn] = (),
        user: int | None = None,
        origin: Origin = "",
    ) -> Iterator[AnswerEvent]:
        """The same as it is made: quotes at once, then each sentence when it is checked, last Answered.
        Raises UsageError for a text without a question in it."""
        return asking.ask_stream(self, Question(text, filters, groups, history, user, origin), cancelled)

    def remember(self, events: Sequence[Event], groups: Groups = None) -> int:
        """Let searches use what people did: votes, corrections, opened and copied sources. All of a person on
        an answer belong together: of two votes the later counts. Returns how many judgements it came to."""
        return remember(self, events, groups)

    # Looking

    def documents(self, filters: Filters = NO_FILTERS, groups: Groups = None) -> Iterator[DocumentInfo]:
        """All documents that the asker may read."""
        return self.store.documents(filters, groups)

    def document(self, key: str, groups: Groups = None) -> Document:
        """One document, by id, name, path or URL, with its text. Raises NotFoundError."""
        return self.store.document(self.find_document(key, groups).id, groups)

    def find_document(self, key: str, groups: Groups = None) -> DocumentInfo:
        """One document's entry, by id, name, path or URL. Raises NotFoundError."""
        try:
            return self.store.find_document(key, groups)
        except NotFoundError as error:
            if is_url(key) or key.startswith("file:"):
                raise
            try:
                return self.store.find_document(file_uri(absolute(key)), groups)
            except NotFoundError:
                raise error from None  # it names what was asked for

    def sources(self) -> Iterator[Source]:
        """Every file and page that was added, with what became of it."""
        return self.store.sources()

    def status(self, groups: Groups = None) -> Status:
        """How much the asker may read, in which languages; for who may read all, what failed."""
        return self._statuses.look(self._encoders.wanted_id(), groups)

    def doctor(self) -> list[Problem]:
        """What is wrong or missing: store, graph, models, extras, disk."""
        return problems_of(self.store, self.settings)

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the store, while it is in use."""
        self.store.backup(target)


def restore(backup: Path, data: Path) -> None:
    """Put a backup in place of the store in `data`; a damaged one is refused before anything changes."""
    index.restore(backup, data)


def open_engine(data: str | Path | None = None, *, note: Callable[[str], None] | None = None) -> Engine:
    """Open a data folder, made if it is not there; None is the platform's folder for a user's data."""
    folder = Path(data).expanduser() if data is not None else default_data_folder()
    return Engine(load_settings(folder), note)
