"""The AUC of each site, and how far the sites differ."""

from typing import Any

import numpy as np

from ...core import OsteonError, UnusableTable
from ...evaluate import Estimate
from ...evaluate.design import Transport, transport
from ...io import Table
from .area import area
from .cases import DiscriminationSettings, cases
from .parts import cell, plain_table


def over_sites(table: Table, settings: DiscriminationSettings) -> dict[str, Any]:
    """AUC of each site and how far sites differ."""
    sites = [str(site) for site in table.text(str(settings.site))]
    name = settings.scores[0]
    by_site: dict[str, Estimate] = {}
    rows: list[dict[str, Any]] = []
    for site in sorted(set(sites)):
        part = table.only(np.array([one == site for one in sites]))
        try:
            found = area(cases(part, settings), name, settings)["AUC"]
        except OsteonError as fault:
            rows.append({"site": site, "rows": part.rows, "auc": None, "note": str(fault)})
            continue
        by_site[site] = found
        rows.append({"site": site, "rows": part.rows, "auc": cell(found), "note": found.note})
    if len(by_site) < 2:
        raise UnusableTable(
            f"column '{settings.site}' has {len(by_site)} sites with an AUC; to compare sites at "
            f"least 2 are needed. {rows[0]['site']}: {rows[0]['note'] or 'has one.'}"
        )
    over, note = _pooled(by_site)
    bars = [_bar(site, one) for site, one in by_site.items()]
    if over is not None:
        rows.append({"site": "all, random effects", "rows": table.rows, "auc": cell(over.pooled)})
        bars.append(_bar("all sites", over.pooled))
    columns = (
        {"key": "site", "title": "Site", "kind": "text"},
        {"key": "rows", "title": "Rows", "kind": "count"},
        {"key": "auc", "title": "AUC (interval)", "kind": "estimate"},
        {"key": "note", "title": "Note", "kind": "text"},
    )
    return {
        "table": plain_table("sites", f"AUC of {name} by site", columns, rows, note),
        "figure": {
            "key": "sites",
            "kind": "forest",
            "title": f"AUC of {name} by site",
            "caption": note,
            "data": {"rows": bars, "axis": "AUC", "null": None},
        },
        "transport": None if over is None else over.row(),
        "seen": [] if over is None else [over.pooled, over.prediction],
    }


def _pooled(by_site: dict[str, Estimate]) -> tuple[Transport | None, str]:
    """The AUC over sites and how far they differ, in a sentence; or why it cannot be told."""
    try:
        over = transport(by_site)
    except OsteonError as fault:
        return None, f"Sites are not pooled: {fault}"
    said = f"I² {100 * over.i2:.0f} %, Cochran's Q {over.q:.2f}"
    if over.prediction.low is not None and over.prediction.high is not None:
        said += f"; a new site would lie in {over.prediction.low:.2f}–{over.prediction.high:.2f}"
    return over, f"{said}. {over.note}".strip()


def _bar(name: str, estimate: Estimate) -> dict[str, Any]:
    """A row of a forest plot."""
    return {
        "name": name,
        "group": "",
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "reference": False,
        "p": None,
    }
