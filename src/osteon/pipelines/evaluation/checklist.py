"""A reporting checklist, filled as far as a run's own record goes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...core import UnusableTable
from ...evaluate.reporting import checklist
from .parts import SCHEMA, plain_table


def evaluate_checklist(
    guideline: str,
    manifest: Mapping[str, Any],
    evaluation: Mapping[str, Any] | None,
    study: str | None = None,
) -> dict[str, Any]:
    """Fill a checklist from the manifest of a run and the results of its evaluation.

    Parameters
    ----------
    guideline : str
        ``claim-2024``, ``tripod-ai`` or ``stard-ai``.
    manifest : mapping
        The manifest of a run.
    evaluation : mapping or None
        results.json of an evaluation, for what is asked of performance.
    study : str or None
        ``"development"``, ``"evaluation"`` or ``"both"``, where the guideline asks otherwise of the
        two.

    Returns
    -------
    dict
        The evaluation as plain data (``osteon-evaluation-1``), without settings and manifest.

    Raises
    ------
    UnknownName
        If there is no such guideline.
    UnusableTable
        If the manifest is none of a run, or the results none of an evaluation.
    """
    if evaluation is not None and evaluation.get("schema") != SCHEMA:
        raise UnusableTable(
            "--results is no results of `osteon evaluate`; give the results.json it wrote."
        )
    found = checklist(guideline, manifest, evaluation, study=study)
    states = Counter(item.state for item in found.items)
    items = [
        {
            "number": item.number,
            "section": item.section,
            "asks": item.asks,
            "state": item.state,
            "answer": item.answer,
        }
        for item in found.items
    ]
    columns = (
        {"key": "number", "title": "Item", "kind": "text"},
        {"key": "section", "title": "Section", "kind": "text"},
        {"key": "asks", "title": "What is asked, in short", "kind": "text"},
        {"key": "state", "title": "State", "kind": "text"},
        {"key": "answer", "title": "What the run knows", "kind": "text"},
    )
    return {
        "schema": SCHEMA,
        "kind": "checklist",
        "title": found.title,
        "summary": (
            f"{states['filled']} of {len(items)} items are answered by the run's own record, "
            f"{states['author']} are for the author."
        ),
        "warning": (
            "What is asked is told in short words of ours; the guideline itself is what counts. "
            "Read every answer before it goes into a paper."
        ),
        "findings": [],
        "tables": [plain_table("checklist", found.title, columns, items)],
        "figures": [],
        "checklist": items,
        "methods": [],
        "references": [{"text": found.title, "doi": found.doi}],
    }
