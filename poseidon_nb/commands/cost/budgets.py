"""The budgets of accounts, in one file in the user's configuration directory, which only the user can read.

A budget is known by its account, as plans are: by the account's identity, or else by a salted digest of the token. The file
holds no token.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.plans.journal_entry import AccountKey
from poseidon_nb.plans.private_files import replace_private
from poseidon_nb.plans.user_state import make_private_dir, read_file

if TYPE_CHECKING:
    from collections.abc import Callable

#: The environment variable that replaces the system's configuration directory.
VARIABLE: Final = "POSEIDON_CONFIG_DIR"
_FILE: Final = "budgets.json"
_FORMAT: Final = "poseidon_nb budgets 1"


@dataclass(slots=True)
class Budget:
    """The limits of an account, in USD a month.

    Attributes
    ----------
    account : float or None
        For the whole account.
    each_tag : float or None
        For each tag without a limit of its own.
    tags : dict
        By tag.
    """

    account: float | None = None
    each_tag: float | None = None
    tags: dict[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.account is not None or self.has_tags

    @property
    def has_tags(self) -> bool:
        """Whether a tag has a limit."""
        return self.each_tag is not None or bool(self.tags)


def budgets_path() -> Path:
    """Return the file with the budgets of all accounts."""
    name = os.environ.get(VARIABLE, "").strip()
    if name:
        return Path(name) / _FILE
    import platformdirs  # noqa: PLC0415  # only needed for budgets

    return Path(platformdirs.user_config_dir("poseidon_nb", appauthor=False, roaming=True)) / _FILE


def read_budget(key: AccountKey) -> Budget:
    """Return the budget of an account; an empty one if none is set.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or is not one that `change_budget` wrote.
    """
    return next((_budget(row) for row in _rows() if _key(row).same(key)), Budget())


def change_budget(key: AccountKey, change: Callable[[Budget], None]) -> Budget:
    """Change the budget of an account, and return it. Budgets without limits are removed.

    Raises
    ------
    ConfigurationError
        The file cannot be read or written.
    """
    rows = _rows()
    budget = next((_budget(row) for row in rows if _key(row).same(key)), Budget())
    change(budget)
    kept = [row for row in rows if not _key(row).same(key)]
    if budget:
        kept.append(
            {
                "identity": key.identity,
                "token": key.token,
                "account_usd_month": budget.account,
                "each_tag_usd_month": budget.each_tag,
                "tags_usd_month": budget.tags,
            }
        )
    path = budgets_path()
    data = json.dumps({"format": _FORMAT, "accounts": kept}, indent=2, ensure_ascii=False).encode()
    try:
        make_private_dir(path.parent)
        replace_private(path, data)
    except OSError as error:
        raise ConfigurationError(f"Cannot write the budget to {path}: {error.strerror or error}.") from error
    return budget


def _rows() -> list[dict[str, Any]]:
    path = budgets_path()
    try:
        rows = _parse(read_file(path))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(f"Cannot read the budgets in {path}: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError(f"{path} is not a file of budgets. Remove it, and set the budget again.") from None
    return rows


def _parse(data: bytes) -> list[dict[str, Any]]:
    content = json.loads(data)
    if content["format"] != _FORMAT:
        raise ValueError(content["format"])
    rows = [{**row} for row in content["accounts"]]
    for row in rows:
        _budget(row)
    return rows


def _key(row: dict[str, Any]) -> AccountKey:
    return AccountKey(str(row.get("identity") or ""), str(row.get("token") or ""))


def _budget(row: dict[str, Any]) -> Budget:
    limits = {name: row.get(name) for name in ("account_usd_month", "each_tag_usd_month")}
    account, each_tag = (None if limit is None else float(limit) for limit in limits.values())
    return Budget(account, each_tag, {str(tag): float(limit) for tag, limit in row["tags_usd_month"].items()})
