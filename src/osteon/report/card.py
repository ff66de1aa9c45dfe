"""The data card of a cohort of virtual patients: one page that opens anywhere."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import BadSetting, UnknownName
from . import card_lanes as lanes
from .card_panel import WIDE, Band, Panel, bands_by_level, bands_by_site
from .card_people import Column, People
from .card_pictures import CardPicture, gallery_rows
from .card_shares import mixtures, shares
from .card_stacks import stacks
from .page import check_rows, environment, store, style_sheets
from .words import is_number, plain

SCHEMA = "osteon-cohort-1"
"""Version of the card that this page reads."""

KINDS = {
    "knee": ("patient", "patients"),
    "spine": ("patient", "patients"),
    "bone": ("block", "blocks"),
}
"""One and many of what each kind of cohort holds."""

PARTS = ("summary", "warning", "settings", "agreement", "files")
"""Parts that the page leaves out where the card has none."""

NEEDED = {
    "sites": ("name",),
    "ceilings": ("task", "what"),
    "agreement": ("what", "value"),
    "regions": ("region", "parameter"),
    "files": ("path", "what"),
}
"""What every row of a part must have."""

MOST_VALUES = 10
"""Most values of a column that are counted one by one in the data dictionary."""

FIRST = 6
"""Distributions that are seen at once; the others are folded."""

SITE_COLUMNS = (
    ("scanner", "CT scanner"),
    ("sequence", "MR sequence"),
    ("dxa_device", "DXA device"),
)

TELLING = ("t_score", "tscore", "bmd", "vbmd", "bvtv", "bv_tv", "tb_", "bmi")
"""Beginnings of the names of columns whose distribution is shown first."""


def write_cohort_card(
    card: Mapping[str, Any], gallery: Sequence[CardPicture], folder: Path
) -> Path:
    """Write ``card.html`` into `folder` and return its path.

    The page is one file without scripts: pictures and plots stand inside it. Parts of the card
    that are missing or empty are left out of the page.

    Parameters
    ----------
    card : mapping
        What is told of the cohort, as plain data: ``schema``, ``kind``, ``title`` and
        ``participants`` (one mapping a row); and where there are any ``summary``, ``warning``,
        ``label`` (the column that the plots tell apart; else the first true-or-false column),
        ``settings``, ``sites``, ``columns``, ``ceilings``, ``agreement``, ``regions`` (``low``
        and ``high`` are the lowest and the highest value), ``manifest`` and ``files``.
    gallery : sequence of CardPicture
        Pictures, each group a row.
    folder : Path
        Folder to write into; made where it is missing.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    BadSetting
        If the card is of another version, lacks a part or has no participants.
    UnknownName
        If the kind of cohort is unknown.
    """
    _check(card)
    page = _page(card, gallery)
    return store(page, folder, "card.html")


def _check(card: Mapping[str, Any]) -> None:
    """Refuse a card that cannot be shown."""
    if (schema := card.get("schema")) != SCHEMA:
        raise BadSetting(
            f"this card is of version '{schema}', the page reads '{SCHEMA}'. "
            "Simulate the cohort again with this version of Osteon."
        )
    if lacking := [key for key in ("kind", "title", "participants") if key not in card]:
        raise BadSetting(
            f"the card lacks '{lacking[0]}'; hand in all of kind, title, participants."
        )
    if card["kind"] not in KINDS:
        raise UnknownName(f"kind '{card['kind']}' is unknown; there are {', '.join(KINDS)}.")
    if not len(card["participants"]):
        raise BadSetting("the card has no participants; it needs at least 1. Simulate some first.")
    if odd := [row for row in card["participants"] if not isinstance(row, Mapping)]:
        raise BadSetting(
            f"a participant must be a mapping of columns; got {type(odd[0]).__name__}."
        )
    check_rows(card, NEEDED)


def _page(card: Mapping[str, Any], gallery: Sequence[CardPicture]) -> str:
    """The whole page as text."""
    people = People(card["participants"], card.get("columns") or {}, card.get("label"))
    manifest = card.get("manifest") or {}
    first, folded = _distributions(people)
    templates = environment()
    templates.filters.update(brief=_brief)
    return templates.get_template("card.html.jinja").render(
        card={**dict.fromkeys(PARTS), **card},
        css=style_sheets("report.css", "card.css"),
        one=KINDS[card["kind"]][0],
        many=KINDS[card["kind"]][1],
        facts=_facts(card, people),
        people=people,
        sites=_sites(card, people),
        gallery=gallery_rows(gallery),
        first=first,
        folded=folded,
        wide=WIDE,
        ceilings=lanes.ceilings(card.get("ceilings") or ()),
        parameters=lanes.parameters(card.get("regions") or ()),
        dictionary=[(column, _seen(column)) for column in people.columns.values()],
        command=manifest.get("command"),
        manifest=manifest,
        osteon=str(manifest.get("osteon") or ""),
    )


def _facts(card: Mapping[str, Any], people: People) -> list[tuple[str, str]]:
    """What to know at a glance, as pairs of term and words."""
    manifest, settings = card.get("manifest") or {}, card.get("settings") or {}
    many = KINDS[card["kind"]][1].capitalize()
    facts = [(many, str(len(people.rows)))]
    sites = people.sites()
    if sites:
        outside = sum(map(people.external, sites))
        facts.append(("Sites", f"{len(sites)}{f', {outside} external' if outside else ''}"))
    labels = [label for label in people.labels() if label is not None]
    if people.label is not None:
        share = f"{sum(labels)} of {len(labels)}"
        facts.append(("With the label", share))
    ages = (
        [v for v in people.columns["age"].known if is_number(v)] if "age" in people.columns else []
    )
    if ages:
        facts.append(("Age, years", f"{min(ages):.0f} to {max(ages):.0f}"))
    for key, title in (("preset", "Preset"), ("seed", "Seed")):
        value = manifest.get(key, settings.get(key))
        if value is not None:
            facts.append((title, str(value)))
    if is_number(manifest.get("seconds")):
        facts.append(("Made in", _duration(float(manifest["seconds"]))))
    return facts


def _duration(seconds: float) -> str:
    """A time as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _sites(card: Mapping[str, Any], people: People) -> dict[str, Any]:
    """Head and rows of the table of sites; columns without a word in them are left out."""
    told = {str(site["name"]): site for site in card.get("sites") or ()}
    names = [*told, *(name for name in people.sites() if name not in told)]
    used = [(k, title) for k, title in SITE_COLUMNS if any(told[n].get(k) for n in told)]
    splits = [name for name, _, _ in people.splits()]
    rows = []
    for name in names:
        site = told.get(name, {})
        cases, known = people.cases(name)
        rows.append(
            {
                "name": name,
                "external": bool(site.get("external", people.external(name))),
                "devices": [str(site.get(key) or "–") for key, _ in used],
                "counts": [people.at(name, split) for split in splits],
                "patients": site.get("patients"),
                "cases": f"{cases} of {known}" if known else "–",
            }
        )
    return {"devices": [title for _, title in used], "splits": splits, "rows": rows}


def _distributions(people: People) -> tuple[list[Panel], list[Panel]]:
    """Panels that are seen at once, and those that are folded."""
    bands = bands_by_site(people)
    flags = sorted(people.of("flag"), key=lambda c: c is not people.label)
    sex = people.columns.get("sex")
    mixed = [c for c in people.of("grade", "word") if _varies(c) and c.name != "age"]
    mixed.sort(key=lambda c: (c is sex, not c.levels, c.kind))
    numbers = [c for c in people.of("number") if _varies(c) and c.name != "age"]
    numbers.sort(key=_telling)
    drawn = [stacks(column, people, bands) for column in numbers]
    parts = [shares(column, people, bands) for column in flags]
    mixes = [mixtures(column, bands) for column in mixed]
    first = [*_ages(people, bands), *parts[:1], *mixes[:1]]
    room = max(FIRST - len(first), 0)
    return [*first, *drawn[:room]], [*drawn[room:], *mixes[1:], *parts[1:]]


def _ages(people: People, bands: Sequence[Band]) -> list[Panel]:
    """Age by sex; by site where the sex is not told."""
    age, sex = people.columns.get("age"), people.columns.get("sex")
    if age is None or age.kind not in ("number", "grade"):
        return []
    by_sex = sex is not None and sex.kind == "word"
    return [stacks(age, people, bands_by_level(people, sex) if sex and by_sex else bands)]


def _varies(column: Column) -> bool:
    return len(set(column.known)) > 1


def _telling(column: Column) -> int:
    """Place of a column among those shown first."""
    name = column.name.lower()
    fitting = [n for n, start in enumerate(TELLING) if start in name]
    return fitting[0] if fitting else len(TELLING)


def _seen(column: Column) -> str | list[tuple[str, str, int]]:
    """Which values a column has: in words, or as value, meaning and count."""
    known = column.known
    if not known and not column.levels:
        return "none"
    if column.kind == "flag":
        return [("yes", "", sum(known)), ("no", "", len(known) - sum(known))]
    if column.kind == "number":
        return f"{_brief(min(known))} to {_brief(max(known))}"
    counts = Counter(map(str, known))
    names = [str(value) for value in column.ordered()]
    names = [*column.levels, *(name for name in names if name not in column.levels)]
    if len(names) > MOST_VALUES:
        return f"{len(counts)} different"
    return [(name, column.levels.get(name, ""), counts[name]) for name in names]


def _brief(value: Any) -> str:
    """A number with four figures at most, others as text."""
    return f"{value:.4g}".replace("-", "−") if is_number(value) else plain(value)
