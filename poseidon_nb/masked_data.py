"""Data of the API with its values, whose repr and pickles are masked: what ``client.call`` returns."""

from __future__ import annotations

from copy import deepcopy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from poseidon_nb.errors import ShapeError
from poseidon_nb.masking import is_harmless, mask, mask_field, name_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol, Self

    class _Printer(Protocol):
        def pretty(self, value: object) -> None:
            """Print a value."""


T = TypeVar("T")


def with_masked_repr(value: T) -> T:
    """Return JSON data whose secrets are masked in its repr, and only there.

    Parameters
    ----------
    value : object
        An object becomes a `MaskedDict`, a list a `MaskedList`, secret text a `MaskedText`; anything else is unchanged.
        Inside, only what contains secrets is converted.
    """
    found: Any = value
    try:
        found = _wrap(value, "", outermost=True)
    except RecursionError:
        # Too deep to look through: its repr is masked as a whole.
        found = MaskedDict(found) if isinstance(found, dict) else MaskedList(found)
    return found  # type: ignore[no-any-return]  # of T or of a subclass


def without_masked_repr(value: Any) -> Any:
    """Return data from `with_masked_repr` as built-in types, which print their secrets."""
    try:
        return _revealed(value)
    except RecursionError:
        raise ShapeError("The response is nested too deeply.") from None


def _revealed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _revealed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revealed(item) for item in value]
    return str(value) if isinstance(value, MaskedText) else value


def _wrap(value: Any, name: str, *, outermost: bool = False) -> Any:
    if isinstance(value, dict):
        items = {key: _wrap(item, name_inside(name, key)) for key, item in value.items()}
        secret = outermost or any(
            items[key] is not item or _mask_leaf(item, name_inside(name, key), value) is not item
            for key, item in value.items()
        )
        return MaskedDict(items, name) if secret else value
    if isinstance(value, list):
        of_items = name.removesuffix("s")
        listed = [item if isinstance(item, dict) and is_harmless(item) else _wrap(item, of_items) for item in value]
        secret = outermost or any(
            new is not old or _mask_leaf(old, of_items, {}) is not old for new, old in zip(listed, value, strict=True)
        )
        return MaskedList(listed, name) if secret else value
    return MaskedText(value) if outermost and isinstance(value, str) else value


def _mask_leaf(value: Any, name: str, siblings: Mapping[Any, Any]) -> Any:
    return value if isinstance(value, dict | list) else mask_field(value, name, siblings)


class _Masked:
    """Data whose repr and pickles are masked.

    A pickle is a file, as a saved notebook is: ``%store`` and caches write them. Copies keep the values.
    """

    __slots__ = ()

    def _masked(self) -> Any:
        """Return the masked data, of a built-in type."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self._masked())

    def _repr_pretty_(self, printer: _Printer, cycle: bool) -> None:  # noqa: FBT001, ARG002  # the signature of IPython
        printer.pretty(self._masked())

    def __reduce_ex__(self, protocol: Any) -> tuple[Callable[[Any], Any], tuple[Any]]:
        return _unpickled, (self._masked(),)


def _unpickled(masked: T) -> T:
    return masked


class _MaskedContainer(_Masked):
    """A dict or list with the name of the field that holds it, by which its items are judged."""

    __slots__ = ()

    _name: str

    def _plain(self) -> Any:
        """Return a copy of the outermost level, of a built-in type."""
        raise NotImplementedError

    def _masked(self) -> Any:
        return mask(self._plain(), name=self._name)

    def copy(self) -> Self:
        """Return a copy that is masked too."""
        return self._with(self._plain())

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._with(deepcopy(self._plain(), memo))

    def _with(self, items: Any) -> Self:
        make: Callable[[Any, str], Self] = type(self)
        return make(items, self._name)


class MaskedDict(_MaskedContainer, dict[str, Any]):
    """An object of the API: a `dict` with the values, whose repr and pickles contain `MASK` instead of secrets.

    Parameters
    ----------
    items : mapping
    name : str
        The field that holds the object.
    """

    __slots__ = ("_name",)

    def __init__(self, items: Mapping[str, Any] = MappingProxyType({}), name: str = "") -> None:
        super().__init__(items)
        self._name = name

    def _plain(self) -> Any:
        return {**self}


class MaskedList(_MaskedContainer, list[Any]):
    """A list of the API; see `MaskedDict`.

    Parameters
    ----------
    items : iterable
    name : str
        The field that holds the list.
    """

    __slots__ = ("_name",)

    def __init__(self, items: Iterable[Any] = (), name: str = "") -> None:
        super().__init__(items)
        self._name = name

    def _plain(self) -> Any:
        return [*self]


class MaskedText(_Masked, str):
    """Text of the API, such as a kubeconfig; see `MaskedDict`."""

    __slots__ = ()

    def _masked(self) -> Any:
        return mask(str(self))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self
