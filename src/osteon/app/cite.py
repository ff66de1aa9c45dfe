"""`osteon cite`: the references of the methods that a result used."""

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


def cite(
    result: Path | None = None,
    *,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Print the references of everything a result used, or of every method there is.

    Example: `osteon cite results/results.json`

    Parameters
    ----------
    result
        results.json, or the folder that holds it; every method of Osteon without it.
    json_
        Print JSON instead of lines.
    """
    sources = _used(result) if result else _all()
    if json_:
        print(json.dumps(sources, indent=1, ensure_ascii=False))
        return
    for source in sources:
        reference = " ".join(filter(None, (source["citation"], source["doi"])))
        print(f"{source['key']}: {reference or 'our own definition; ' + source['does']}")


def _used(result: Path) -> list[dict[str, Any]]:
    from ..core import UnreadableScan

    path = result / "results.json" if result.is_dir() else result
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        held = [
            {**threshold, "key": threshold["name"], "does": "screening threshold"}
            for threshold in data.get("thresholds", ())
        ]
        return [
            {name: source[name] for name in ("key", "does", "doi", "citation")}
            for source in (*data["methods"], *held)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableScan(
            f"{path.name} holds no results of Osteon ({type(error).__name__}); give the "
            "results.json that osteon measure or osteon structure wrote."
        ) from None


def _all() -> list[dict[str, Any]]:
    from dataclasses import asdict

    from ..pipelines import METHODS

    return [asdict(method) for method in METHODS.values()]
