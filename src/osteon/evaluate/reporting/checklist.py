"""Reporting checklists, filled as far as a run knows; all else is left to the author."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any, Literal

from ...core import BadSetting, UnknownName, UnusableTable
from .facts import FACTS, Run

State = Literal["filled", "author", "not applicable"]

CHECKLISTS = {
    "claim-2024": "claim_2024.toml",
    "tripod+ai": "tripod_ai.toml",
    "stard-ai": "stard_ai.toml",
}
"""Checklists by name, and where their items lie."""

STUDIES = ("development", "evaluation", "both")
"""What a study of a prediction model may be about."""


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Attributes
    ----------
    number : str
        As published: ``"20"``, ``"12a"``.
    section, asks : str
        Where it stands and what it asks for, in our words.
    state : {"filled", "author", "not applicable"}
        ``filled`` where the run answers all of it; ``author`` where anything is left to tell.
    answer : str
        The answer of a filled item; of the others what the run knows, and what the author must
        add; empty if it knows nothing.
    """

    number: str
    section: str
    asks: str
    state: State
    answer: str


@dataclass(frozen=True)
class Checklist:
    """A checklist with its items.

    Attributes
    ----------
    name, title, topic : str
        ``"claim-2024"``, ``"CLAIM 2024"``, and what studies it is for.
    source, doi : str
        Where it is published.
    items : tuple of Item
        In the published order.
    note : str
        How the numbers were checked, and what this is not.
    """

    name: str
    title: str
    topic: str
    source: str
    doi: str
    items: tuple[Item, ...]
    note: str

    def counts(self) -> dict[str, int]:
        """Items by state."""
        states: tuple[State, ...] = ("filled", "author", "not applicable")
        return {state: sum(item.state == state for item in self.items) for state in states}

    def rows(self) -> list[dict[str, Any]]:
        """Items as plain data, ready for a table or JSON."""
        return [asdict(item) for item in self.items]


def checklist(
    name: str,
    manifest: Mapping[str, Any],
    evaluation: Mapping[str, Any] | None = None,
    *,
    study: str | None = None,
) -> Checklist:
    """A reporting checklist, filled as far as a run's manifest and evaluation know.

    An item is filled only where they answer all that it asks. Where they answer a part, the part
    is given as a draft and the item stays with the author.

    Parameters
    ----------
    name : str
        ``"claim-2024"``, ``"tripod+ai"`` or ``"stard-ai"``; case and punctuation do not matter.
    manifest : mapping
        Manifest of a run. Also read: ``split`` (`Splits.row`) and ``sample_size``
        (`AucPlan.row`, `IccPlan.row`).
    evaluation : mapping, optional
        Evaluation of schema ``osteon-evaluation-1``, with ``split``, ``sample_size`` and
        ``transport`` (`Transport.row`) where there are such.
    study : {"development", "evaluation", "both"}, optional
        What the study is about, as the author says: items of TRIPOD+AI that are for the other kind
        only are then not applicable.

    Returns
    -------
    Checklist
        All items.

    Raises
    ------
    UnknownName
        If there is no such checklist, or no such kind of study.
    BadSetting
        If manifest or evaluation is no mapping.
    UnusableTable
        If the manifest is none of a run of Osteon.
    """
    if study is not None and study not in STUDIES:
        raise UnknownName(f"study '{study}' is unknown; there are {', '.join(STUDIES)}.")
    if not isinstance(manifest, Mapping) or not isinstance(evaluation or {}, Mapping):
        raise BadSetting("manifest and evaluation must be mappings, as JSON objects are read.")
    data = _read(_known(name))
    if not isinstance(manifest.get("osteon"), str):
        raise UnusableTable(
            "the manifest is none of a run of Osteon: it does not say 'osteon' with a version; "
            "give the manifest.json beside a run's results."
        )
    run = Run(manifest, evaluation or {})
    return Checklist(
        data["name"],
        data["title"],
        data["topic"],
        data["source"],
        data["doi"],
        tuple(_item(asked, run, study) for asked in data["items"]),
        data["note"],
    )


def _known(name: str) -> str:
    """Name of a checklist as we write it, from whatever way it was written."""
    letters = _letters(name)
    for known in CHECKLISTS:
        if letters in (_letters(known), _letters(known).removesuffix("2024")):
            return known
    raise UnknownName(f"checklist '{name}' is unknown; there are {', '.join(CHECKLISTS)}.")


def _letters(name: str) -> str:
    """Letters and digits of a name."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _read(name: str) -> dict[str, Any]:
    """Items of a checklist."""
    text = (files(__package__) / "data" / CHECKLISTS[name]).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _item(asked: Mapping[str, Any], run: Run, study: str | None) -> Item:
    """One item, answered as far as the run can."""
    told = asked["number"], asked["section"], asked["asks"]
    only = asked.get("applies")
    if only is not None and study not in (None, "both", only):
        return Item(*told, "not applicable", f"Only for studies of a model's {only}.")
    found = [FACTS[fact](run) for fact in asked.get("facts", ())]
    text = " ".join(fact.text for fact in found if fact.text)
    if not text:
        return Item(*told, "author", "")
    if asked.get("enough") and all(fact.text and fact.whole for fact in found):
        return Item(*told, "filled", text)
    lacks = asked.get("lacks", "what is missing above")
    return Item(*told, "author", f"Known of this run: {text} To be told by the author: {lacks}.")
