"""The answer of a command that reckons, in a sentence or two above its table. Pure: frames in, words out."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from poseidon_nb.text import (
    capitalized,
    format_duration,
    format_percent,
    format_usd,
    join_words,
    pluralize,
    truncated_list,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from datetime import datetime

    import pandas as pd

#: Readings come at steps, which grow with the window: the first may be so much later, a share of it or these seconds.
_EARLY, _EARLY_S = 0.05, 3600.0
#: Names that a sentence tells before it counts the rest.
_MOST = 3
#: Less than this many US dollars is no cent.
_HALF_A_CENT = 0.005
#: The status of an action that has not ended.
_RUNNING = "in-progress"


def cost_in_words(lines: pd.DataFrame, total: pd.DataFrame, key: str) -> str:
    """Say what everything costs, and of what no price is known."""
    (row,) = total.to_dict("records")
    each = "; a thing with several tags is counted under each" if key == "tag" else ""
    said = f"In all {format_usd(row['price_usd_month'])} a month, {format_usd(row['price_usd_hour'], 5)} an hour{each}."
    if not row["unpriced"] and not row["unread"]:
        return said
    from poseidon_nb.analysis.cost.sums import UNREAD, unread  # noqa: PLC0415  # pandas comes at first use

    missing = unread(lines)
    told = []
    if row["unpriced"]:
        kinds = dict.fromkeys(lines.loc[lines["price_usd_month"].isna() & ~missing, "kind"])
        have = "has" if row["unpriced"] == 1 else "have"
        told.append(f"{row['unpriced']:,} of {pluralize(row['things'], 'thing')} {have} no price: {join_words(kinds)}")
    if row["unread"]:
        told.append(f"{join_words(dict.fromkeys(lines.loc[missing, 'kind']))} {UNREAD}")
    return f"{said} {capitalized('; '.join(told))}; %do cost lines tells why."


def unknown_months_in_words(months: pd.DataFrame) -> str:
    """Say of which months it is not known what they cost; nothing where there is none."""
    unknown = months.loc[months["billed_usd"].isna(), "month"].astype(str).tolist()
    if not unknown:
        return ""
    return f"What {truncated_list(unknown)} cost is not known: an invoice tells no amount."


def reconciled_in_words(bill: pd.DataFrame) -> str:
    """Say whether the bill of this month agrees with what there is, and if not, where it differs and why."""
    rows = bill.to_dict("records")
    whole = rows[-1]
    note = whole["note"] if isinstance(whole["note"], str) else ""
    if math.isnan(whole["difference_usd"]):
        return f"Whether the bill of this month agrees with the lines is not known{f': {note}' if note else ''}."
    apart = [row for row in rows[:-1] if abs(row["difference_usd"]) >= _HALF_A_CENT]
    apart.sort(key=lambda row: -abs(row["difference_usd"]))
    parts = [f"{row['product']} by {format_usd(row['difference_usd'], signed=True)}" for row in apart]
    if abs(whole["difference_usd"]) < _HALF_A_CENT:
        said = f"The bill of this month agrees with the lines to the cent: {format_usd(whole['billed_usd'])} until now"
        return (
            "; ".join(filter(None, (said, f"but {truncated_list(parts, max_words=_MOST)}" if parts else "", note)))
            + "."
        )
    said = (
        f"The bill of this month differs from the lines by {format_usd(whole['difference_usd'], signed=True)}: "
        f"{format_usd(whole['billed_usd'])} billed until now, {format_usd(whole['lines_usd'])} by the lines"
    )
    gone = whole["gone_usd"]
    left = f"{format_usd(gone)} of it for things that are not there any more" if gone >= _HALF_A_CENT else ""
    return (
        "; ".join(filter(None, (said, left, truncated_list(parts, max_words=_MOST) if len(parts) > 1 else "", note)))
        + "."
    )


def history_in_words(months: pd.DataFrame) -> str:
    """Say what the last whole month cost, how that differs from the one before, and what this month costs until now."""
    rows = months.to_dict("records")
    over, running = ([row for row in rows if bool(row["final"]) is final] for final in (True, False))
    told = [_month(over[-1], over[-2]["month"] if over[1:] else "")] if over else []
    told += [f"{row['month']} costs {_known(row['billed_usd'])} until now" for row in running]
    said = f"{'; '.join(told)}." if told else "No month was billed yet."
    return " ".join(filter(None, (said, unknown_months_in_words(months))))


def _month(row: Mapping[Hashable, Any], before: str) -> str:
    said, change, share = f"{row['month']} cost {_known(row['billed_usd'])}", row["change_usd"], row["change_percent"]
    if math.isnan(change):
        return said
    if abs(change) < _HALF_A_CENT:
        return f"{said}, as much as {before}"
    part = "" if math.isnan(share) else f" ({format_percent(share, 1, signed=True)})"
    return f"{said}, {format_usd(abs(change))} {'more' if change > 0 else 'less'} than {before}{part}"


def _known(amount: float) -> str:
    return "nobody knows how much" if math.isnan(amount) else format_usd(amount)


def advice_in_words(advice: pd.DataFrame) -> str:
    """Say how many droplets can be smaller and what that saves, how many should be larger, and how many are not known."""
    if advice.empty:
        return "There is no droplet to judge."
    count = advice["verdict"].value_counts()
    smaller, larger, unknown = (int(count.get(verdict, 0)) for verdict in ("smaller", "larger", "unknown"))
    whole = len(advice)
    if unknown == whole:
        only = "the only droplet" if whole == 1 else f"any of {pluralize(whole, 'droplet')}"
        return f"Nothing can be said of {only}: the column why tells."
    saving = advice.loc[advice["verdict"] == "smaller", "saving_usd_month"].sum()
    said = [
        f"{smaller:,} of {pluralize(whole, 'droplet')} can be smaller, which saves {format_usd(saving)} a month,"
        f" {format_usd(12 * saving)} a year"
        if smaller
        else f"{'The one droplet cannot' if whole == 1 else f'None of {whole:,} droplets can'} be smaller by a resize"
    ]
    anew = advice["anew_saving_usd_month"].dropna()
    if len(anew):
        them = "one would save" if len(anew) == 1 else f"{len(anew):,} would save"
        said.append(f"made anew {them} {format_usd(anew.sum())} a month, for no disk shrinks")
    if larger:
        said.append(f"{larger:,} should be larger{_dearer(advice[advice['verdict'] == 'larger'])}")
    if unknown:
        said.append(f"of {unknown:,} nothing can be said: the column why tells")
    return f"{'; '.join(said)}."


def _dearer(larger: pd.DataFrame) -> str:
    more = -larger["saving_usd_month"].sum()
    unheld = int(larger["advised_size"].isna().sum())
    told = []
    if unheld < len(larger):
        told.append(
            f"which {'costs' if more >= 0 else 'saves'} {format_usd(abs(more))} a month{' more' if more >= 0 else ''}"
        )
    if unheld:
        told.append(f"{unheld:,} of them more than any size sold there")
    return f", {', '.join(told)}" if told else ""


def reach_in_words(series: pd.DataFrame, start: datetime, end: datetime) -> str:
    """Say where readings begin, if that is later than was asked for; nothing where it is not."""
    first = series["time"].min()
    late_s = (first - start).total_seconds() if len(series) else 0.0
    whole_s = (end - start).total_seconds()
    if late_s <= max(_EARLY_S, _EARLY * whole_s):
        return ""
    return f"The first reading is of {first:%Y-%m-%d %H:%M} UTC: {_long(whole_s - late_s)} of the {_long(whole_s)} asked for."


def _long(seconds: float) -> str:
    hours = seconds / 3600
    return pluralize(round(hours / 24), "day") if hours >= 48 else pluralize(max(1, round(hours)), "hour")  # noqa: PLR2004  # two days are told in days


def left_out_in_words(unpriced: int) -> str:
    """Say how many sizes are left out because they have no price; nothing where there is none."""
    if not unpriced:
        return ""
    return (
        f"{pluralize(unpriced, 'size')} {'has no price and is' if unpriced == 1 else 'have no price and are'} left out."
    )


def cheapest_in_words(found: pd.DataFrame, of_all: int, *, asked: bool, unpriced: int = 0) -> str:
    """Say which size is the cheapest, where, and of how many.

    Parameters
    ----------
    found : pandas.DataFrame
        Table ``sizes_on_sale``, cheapest first.
    of_all : int
        How many there are, also those that are not in `found`.
    asked : bool
        Whether anything was wished for; where nothing has it all, `nothing_holds` has the words.
    unpriced : int
        How many more there would be, had they a price.
    """
    return " ".join(filter(None, (_cheapest(found, of_all, asked=asked), left_out_in_words(unpriced))))


def _cheapest(found: pd.DataFrame, of_all: int, *, asked: bool) -> str:
    if found.empty:
        return "No size is on sale."
    first = found.iloc[0]
    price = f"{format_usd(first['price_monthly'])} a month"
    same = found.loc[found["price_monthly"] == first["price_monthly"], "slug"].astype(str).tolist()[1:]
    said = f"{first['slug']} in {_places(first['sold_in'])} at {price} is"
    if of_all == 1:
        said = f"{said} the only {'one that holds it' if asked else 'size on sale'}."
    else:
        which = f"{of_all:,} that hold it" if asked else f"{pluralize(of_all, 'size')} on sale"
        costs = (
            f"; {truncated_list(same, max_words=_MOST)} {'costs' if len(same) == 1 else 'cost'} the same"
            if same
            else ""
        )
        said = f"{said} the cheapest of {which}{costs}."
    if asked or len(found) == of_all:
        return said
    return (
        f"{said} These are the first {len(found):,}: say what it has to have (--memory, --vcpus, --disk, --transfer,"
        " --region), or how many to show (--limit)."
    )


def _places(slugs: Sequence[Any]) -> str:
    return truncated_list([str(slug) for slug in slugs], max_words=_MOST)


def offering_in_words(rows: Sequence[dict[str, Any]], of_all: int, features: Sequence[str]) -> str:
    """Say which regions offer some features, and which of these are closed."""
    what = join_words(dict.fromkeys(feature.casefold().replace("-", "_") for feature in features))
    if not rows:
        return f"None of {pluralize(of_all, 'region')} offers {what}."
    slugs = [str(row["slug"]) for row in rows]
    closed = [str(row["slug"]) for row in rows if row.get("available") is False]
    offer = "offers" if len(slugs) == 1 else "offer"
    shut = f"; {join_words(closed)} {'is' if len(closed) == 1 else 'are'} closed now" if closed else ""
    return f"{len(slugs):,} of {pluralize(of_all, 'region')} {offer} {what}: {join_words(slugs)}{shut}."


def no_size_in_words(family: Sequence[str] | None, generation: Sequence[str] | None, where: str = "") -> str:
    """Say that no size is of some classes; `where` is what follows ``is``: ``on sale in ams3``."""
    classes = [
        f"{word} {join_words(names, conjunction='or')}"
        for word, names in (("family", family), ("generation", generation))
        if names
    ]
    if where:
        return f"No size{f' of {join_words(classes)}' if classes else ''} is {where}."
    return f"No size is{f' of {join_words(classes)}' if classes else ' known'}."


def no_value_in_words(kind: str, names: Sequence[str]) -> str:
    """Say of whom there are readings that make no value."""
    why = (
        "a percentage of cpu is of the time between two readings, and this window has too few; --last looks further back"
        if kind == "cpu"
        else "the readings in this window do not make one"
    )
    return f"no value of {truncated_list(names)}: {why}"


def spans_in_words(spans: pd.DataFrame, whose: str, last: str) -> str:
    """Say how many actions there were on how many droplets, which failed, and what is wrong with their times."""
    if spans.empty:
        return f"Nothing was done to {whose} in the last {last}; --last looks further back."
    whole = f"{pluralize(len(spans), 'action')} on {pluralize(spans['droplet_id'].nunique(), 'droplet')}"
    lost = spans[spans["failed"]]
    kinds = lost["type"].fillna("something")
    which = Counter(f"{kind} of {name}" for kind, name in zip(kinds, lost["name"], strict=True))
    runs = int((spans["status"] == _RUNNING).sum())
    said = f"{whole} in the last {last}; {_failed(which, runs)}."
    return " ".join(filter(None, (said, capitalized(_backwards(spans["started_at"], spans["ended_at"])))))


def actions_in_words(actions: pd.DataFrame, times: pd.DataFrame, last: str) -> str:
    """Say how many actions there were, of which types those are that failed, and which type takes longest.

    Parameters
    ----------
    actions : pandas.DataFrame
        All of them.
    times : pandas.DataFrame
        Table ``durations``.
    last : str
        How far back was looked, as typed.
    """
    if actions.empty:
        return f"No action was started in the last {last}; --last looks further back."
    lost = times[times["failed"] > 0]
    which = Counter(dict(zip(lost["type"], lost["failed"].astype(int), strict=True)))
    whole = f"{pluralize(len(actions), 'action')} of {pluralize(len(times), 'type')} in the last {last}"
    said = f"{whole}; {_failed(which, int(times['running'].sum()))}{_slowest(times)}."
    return " ".join(filter(None, (said, capitalized(_backwards(actions["started_at"], actions["completed_at"])))))


def _failed(which: Counter[str], running: int) -> str:
    listed = [f"{what} ({many:,})" if many > 1 else what for what, many in which.most_common()]
    lost = f"{which.total():,} failed: {truncated_list(listed, max_words=_MOST)}" if listed else "none failed"
    return f"{lost}; {running:,} still {'runs' if running == 1 else 'run'}" if running else lost


def _slowest(times: pd.DataFrame) -> str:
    """Say which type takes longest; nothing where none has ended well."""
    timed = times.dropna(subset=["median_s"])
    if timed.empty:
        return ""
    row = timed.sort_values("median_s", kind="stable").iloc[-1]
    return f"; the slowest is {row['type']}, of which half take {format_duration(row['median_s'])} or longer"


def _backwards(began: pd.Series[Any], ended: pd.Series[Any]) -> str:
    count = int((ended < began).sum())
    if not count:
        return ""
    which = f"{pluralize(count, 'action')} {'ends before it begins' if count == 1 else 'end before they begin'}"
    return f"{which}: how long {'it' if count == 1 else 'they'} took is not known."
