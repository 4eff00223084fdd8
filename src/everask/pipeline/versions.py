"""Other versions and copies of a document, by content and by name."""

from __future__ import annotations

from everask.answer.versions import stem
from everask.errors import NotFoundError
from everask.index import Store
from everask.index.conditions import Groups
from everask.index.relatives import list_relatives
from everask.types import DocumentInfo


def find_versions(store: Store, document: DocumentInfo, groups: Groups, most: int = 20) -> list[DocumentInfo]:
    """Documents that the asker may read with the same content, or with the same name but for versions, dates
    and marks of copies; the latest first."""
    own = stem(document)
    word = max(own.rpartition("/")[2].split(), key=len, default="")
    found = []
    for identifier, is_copy in list_relatives(store.database, document, word, groups):
        try:
            info = store.find_document(identifier, groups)
        except NotFoundError:  # removed since
            continue
        if is_copy or (own and stem(info) == own):
            found.append(info)
    return found[:most]
