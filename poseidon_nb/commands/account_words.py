"""The words that completion offers: those already seen, and names that are read from the account when they are needed.

Completion runs on the kernel's main thread, in some front ends at every key. So another thread reads a list, only its first
page, and a Tab waits a moment for it. What takes longer is offered at the next Tab. Nothing is read before the first command
has used the account, and nothing twice within a minute in which nothing was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from threading import Thread
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.lookup import find_resource_type, is_id, names_and_ids, path_resource_type
from poseidon_nb.language.spec import parts_within, source_within

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.do_session import DoSession, LearnedAt

#: How long a Tab waits for the account, in seconds.
MAX_WAIT_S = 0.5
#: How long names are offered before they are read again, in seconds.
MAX_AGE_S = 60.0
#: Commands take public images by their slugs, and an account has hundreds.
_NOT_READ = frozenset({"images"})
_PER_PAGE = 200


class AccountWords(Mapping[str, Sequence[str]]):
    """The words of a session by source; names of resources are read from its account.

    Parameters
    ----------
    session : DoSession
    """

    def __init__(self, session: DoSession) -> None:
        self._session = session
        self._tried_at: dict[str, LearnedAt] = {}
        self._thread: Thread | None = None

    def __getitem__(self, source: str) -> Sequence[str]:
        session, client = self._session, self._session.connected_client
        if client is not None and self._is_outdated(source):
            if self._thread is None or not self._thread.is_alive():
                self._tried_at[source] = session.now()
                self._thread = Thread(target=self._read, args=(source, client), daemon=True)
                self._thread.start()
            self._thread.join(MAX_WAIT_S)
        return session.words[self._source_of_ids(source) or source]

    def __iter__(self) -> Iterator[str]:
        return iter(self._session.words)

    def __len__(self) -> int:
        return len(self._session.words)

    def _is_outdated(self, source: str) -> bool:
        type_, _ = parts_within(source)
        if type_ in _NOT_READ or find_resource_type(type_) is None:
            return False
        changes, now_s = self._session.now()
        known = (self._session.learned_at.get(self._source_of_ids(source)), self._tried_at.get(source))
        return not any(at and at[0] == changes and now_s - at[1] < MAX_AGE_S for at in known)

    def _source_of_ids(self, source: str) -> str:
        """Return a source with ids for the names in it; empty if one of them was not seen yet."""
        type_, words = parts_within(source)
        resource_type = find_resource_type(type_)
        ids: list[int | str] = []
        for parameter, word in zip(resource_type.within if resource_type else (), words, strict=False):
            owner = path_resource_type(type_, parameter)
            id_ = word if is_id(owner, word) else self._session.id_of(source_within(owner, ids), word)
            if id_ is None:
                return ""
            ids.append(id_)
        return source_within(type_, ids)

    def _read(self, source: str, client: Client) -> None:
        """Remember the names of a source. Runs in a thread of its own."""
        from poseidon_nb.client.reading import ReadOptions, use_read_options  # noqa: PLC0415  # loads requests

        try:
            with use_read_options(ReadOptions(keep_going=True, warn=lambda _: None)):
                self._read_names(source, client)
        except Exception:  # noqa: BLE001, S110  # without an answer nothing is offered
            pass

    def _read_names(self, source: str, client: Client) -> None:
        type_, words = parts_within(source)
        resource_type = find_resource_type(type_)
        if resource_type is None:
            return
        found = self._source_of_ids(source)
        if not found:
            # The names of what it is inside of come first.
            owners = source_within(path_resource_type(type_, resource_type.within[len(words) - 1]), words[:-1])
            if self._is_outdated(owners):
                self._read_names(owners, client)
            found = self._source_of_ids(source)
        _, ids = parts_within(found)
        if not found:
            return
        listed = operation(resource_type.operation)
        query = {"per_page": _PER_PAGE} if listed.paginated else {}
        rows = client.call(listed.id, path=dict(zip(resource_type.within, ids, strict=True)), query=query)
        if client is self._session.connected_client:
            complete = not query or len(rows) < _PER_PAGE
            self._session.remember_names(found, names_and_ids(resource_type, rows), complete=complete)
