"""What a run can say for itself: facts of its manifest and of its evaluation, and no more."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .figures import (
    Figure,
    accuracies,
    figures_of,
    has_interval,
    is_number,
    mapping,
    told,
)

SPLITS = "osteon-splits-1"
"""Schema of stored splits."""

LONGEST = 600
"""Letters of settings that are told; more belong in the manifest."""


@dataclass(frozen=True)
class Run:
    """What is known.

    Attributes
    ----------
    manifest : mapping
        A run's manifest.
    evaluation : mapping
        An evaluation; may be empty.
    """

    manifest: Mapping[str, Any]
    evaluation: Mapping[str, Any]

    def part(self, key: str) -> Mapping[str, Any]:
        """A part of the evaluation, or else of the manifest; empty where neither has it."""
        return mapping(self.evaluation.get(key)) or mapping(self.manifest.get(key))

    def figures(self) -> tuple[Figure, ...]:
        """Figures of the evaluation."""
        return figures_of(self.evaluation)

    def methods(self) -> str:
        """Sentences that say how the figures were worked out."""
        given = self.evaluation.get("methods")
        lines = given if isinstance(given, list | tuple) else []
        return " ".join(line.strip() for line in lines if isinstance(line, str) and line.strip())


@dataclass(frozen=True)
class Fact:
    """What a run says of one matter.

    Attributes
    ----------
    text : str
        In words; empty if the run knows nothing of it.
    whole : bool
        Whether nothing is missing of the matter itself.
    """

    text: str
    whole: bool = True


NOTHING = Fact("", whole=False)


def software(run: Run) -> Fact:
    """Versions of Osteon, Python and packages; platform and device."""
    version = run.manifest.get("osteon")
    if not isinstance(version, str) or not version:
        return NOTHING
    parts = [f"Osteon {version}"]
    if run.manifest.get("python"):
        parts.append(f"Python {run.manifest['python']}")
    packages = mapping(run.manifest.get("packages"))
    parts += [f"{name} {number}" for name, number in packages.items() if number]
    place = [str(run.manifest[key]) for key in ("platform", "device") if run.manifest.get(key)]
    return Fact(f"This run used {', '.join(parts)}{' on ' + ', '.join(place) if place else ''}.")


def imaging_software(run: Run) -> Fact:
    """The software, if this run measured images; that of an evaluation made no index test."""
    return software(run) if _measured(run) else NOTHING


def settings(run: Run) -> Fact:
    """Choices that change a number of a run that measured images, as far as they are plain."""
    plain = [
        f"{name} {value}"
        for name, value in mapping(run.manifest.get("settings")).items()
        if isinstance(value, str | int | float) and value != ""
    ]
    if not plain or not _measured(run):
        return NOTHING
    text = ", ".join(plain)
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]} … (all in the manifest)"
    return Fact(f"Settings of this run: {short}.")


def _measured(run: Run) -> bool:
    """Whether a run worked on images: an evaluation has intervals to set, a cohort no inputs."""
    chosen = mapping(run.manifest.get("settings"))
    return bool(run.manifest.get("input_sha256")) and "intervals" not in chosen


def inputs(run: Run) -> Fact:
    """SHA-256 of the inputs by role."""
    hashes = mapping(run.manifest.get("input_sha256"))
    parts = [f"{role} {digest}" for role, digest in hashes.items() if digest]
    return Fact(f"SHA-256 of this run's inputs: {', '.join(parts)}.") if parts else NOTHING


def virtual(run: Run) -> Fact:
    """That a run made virtual patients; seen by what only such a run writes."""
    chosen = mapping(run.manifest.get("settings"))
    if "patients_made_in_this_run" not in run.manifest or not chosen.get("kind"):
        return NOTHING
    sites = [str(site["name"]) for site in _sites(run) if site.get("name")]
    where = f" at the sites {', '.join(sites)}" if sites else ""
    return Fact(
        f"This run made {chosen.get('subjects')} labelled and {chosen.get('unlabelled', 0)} "
        f"unlabelled virtual patients ({chosen['kind']}){where}, seed {run.manifest.get('seed')}."
    )


def scanners(run: Run) -> Fact:
    """Simulated scanners of virtual patients, site by site."""
    if not virtual(run).text:
        return NOTHING
    seen = []
    for site in _sites(run):
        used = [str(site[key]) for key in ("scanner", "sequence", "dxa_device") if site.get(key)]
        if site.get("name") and used:
            seen.append(f"{site['name']}: {', '.join(used)}")
    return Fact(f"Simulated: {'; '.join(seen)}.") if seen else NOTHING


def _sites(run: Run) -> list[Mapping[str, Any]]:
    """Sites of a virtual cohort."""
    sites = mapping(run.manifest.get("settings")).get("sites")
    return [mapping(site) for site in sites] if isinstance(sites, list | tuple) else []


def split(run: Run) -> Fact:
    """How rows were split into folds, and how many there are in each."""
    found = _split(run)
    if not found:
        return NOTHING
    sizes = "; ".join(
        f"{fold.get('name')}: {fold.get('patients')} patients, {fold.get('rows')} rows"
        for fold in found["folds"]
    )
    seed = f", seed {found['seed']}" if found.get("seed") is not None else ""
    return Fact(f"{found['method']}{seed} ({sizes}).")


def disjoint(run: Run) -> Fact:
    """Level at which the folds are disjoint."""
    found = _split(run)
    if not found:
        return NOTHING
    level = "site, and so of patients" if found["unit"] == "site" else "patient"
    return Fact(
        f"The {len(found['folds'])} folds of this run are disjoint at the level of {level}."
    )


def _split(run: Run) -> Mapping[str, Any]:
    """Stored splits, if they are whole and of our own form."""
    found = run.part("split")
    folds = found.get("folds")
    whole = (
        found.get("schema") == SPLITS
        and found.get("unit") in ("patient", "site")
        and isinstance(folds, list | tuple)
        and len(folds) > 1
        and all(mapping(fold) for fold in folds)
        and bool(found.get("method"))
    )
    return found if whole else {}


def sample_size(run: Run) -> Fact:
    """A plan of the sample size that is stored with the run."""
    plan = run.part("sample_size")
    kind, name, method = (plan.get(key) for key in ("kind", "name", "method"))
    if kind == "auc" and is_number(plan.get("cases")) and is_number(plan.get("controls")):
        size = f"{plan['cases']} cases and {plan['controls']} controls"
    elif kind == "icc" and is_number(plan.get("subjects")):
        size = f"{plan['subjects']} subjects, {plan.get('raters')} ratings each"
    else:
        return NOTHING
    reached = [
        f"{word} {plan[key]:.3g}"
        for key, word in (("power", "power"), ("width", "width of the interval"))
        if is_number(plan.get(key))
    ]
    if not (name and method and reached):
        return NOTHING
    return Fact(
        f"{size} for {name}: {', '.join(reached)} at the level {plan.get('alpha')} ({method})."
    )


def accuracy_size(run: Run) -> Fact:
    """A plan of the sample size for accuracy; one for agreement does not answer."""
    return sample_size(run) if run.part("sample_size").get("kind") == "auc" else NOTHING


def measures(run: Run) -> Fact:
    """Names of the figures, and kinds of plots."""
    names = list(dict.fromkeys(figure.name for figure in run.figures()))
    plots = run.evaluation.get("figures")
    kinds = [mapping(plot).get("kind") for plot in plots] if isinstance(plots, list) else []
    if not names:
        return NOTHING
    drawn = ", ".join(dict.fromkeys(str(kind) for kind in kinds if kind))
    return Fact(f"Measures: {', '.join(names)}{'; plots: ' + drawn if drawn else ''}.")


def uncertainty(run: Run) -> Fact:
    """How intervals and tests were made; whole if every figure has an interval and its method."""
    found, methods = run.figures(), run.methods()
    if not methods or not any(has_interval(figure) for figure in found):
        return NOTHING
    seed = mapping(run.evaluation.get("manifest")).get("seed")
    drawn = f" Seed of random draws: {seed}." if is_number(seed) else ""
    bare = [figure.name for figure in found if not has_interval(figure)]
    lost = f" Without an interval: {', '.join(bare)}." if bare else ""
    explained = all(f"{figure.name.split(', ')[0]}: " in f"{methods} " for figure in found)
    return Fact(methods + drawn + lost, whole=explained and not bare)


def performance(run: Run) -> Fact:
    """All figures, with what intervals they have."""
    return _listed(run, run.figures())


def accuracy(run: Run) -> Fact:
    """Figures of diagnostic accuracy; whole if each has an interval."""
    return _listed(run, accuracies(run.evaluation))


def accuracy_methods(run: Run) -> Fact:
    """How figures of diagnostic accuracy were worked out."""
    return uncertainty(run) if accuracy(run).text else NOTHING


def _listed(run: Run, found: Iterable[Figure]) -> Fact:
    """Figures in words, with the warning of the evaluation, which must not be lost."""
    listed = tuple(found)
    if not listed:
        return NOTHING
    warning = run.evaluation.get("warning")
    careful = f" {warning.strip()}" if isinstance(warning, str) and warning.strip() else ""
    text = "; ".join(told(figure) for figure in listed)
    return Fact(f"{text}.{careful}", whole=all(has_interval(figure) for figure in listed))


def numbers(run: Run) -> Fact:
    """What an evaluation says of its rows and patients."""
    summary = run.evaluation.get("summary")
    if not run.figures() or not isinstance(summary, str) or not summary.strip():
        return NOTHING
    return Fact(f"This evaluation: {summary.strip()}")


def heterogeneity(run: Run) -> Fact:
    """A figure of accuracy site by site, and how far the sites differ."""
    table = run.part("transport")
    pooled = accuracies({"kind": "discrimination", "findings": [table.get("pooled")]})
    rows, i2 = table.get("rows"), table.get("i2")
    if not pooled or not isinstance(rows, list | tuple) or len(rows) < 2:
        return NOTHING
    sites = []
    for row in (mapping(one) for one in rows):
        if not all(is_number(row.get(key)) for key in ("value", "low", "high")):
            return NOTHING
        sites.append(
            f"{row.get('site')} {row['value']:.3g} ({row['low']:.3g} to {row['high']:.3g})"
        )
    if not is_number(i2):
        return NOTHING
    note = f" {table['note']}" if table.get("note") else ""
    return Fact(
        f"{told(pooled[0])} over {len(rows)} sites: {', '.join(sites)}; I² {100 * i2:.0f} %.{note}",
        whole=has_interval(pooled[0]),
    )


def crosstab(run: Run) -> Fact:
    """Results by the reference standard, class by class."""
    plots = run.evaluation.get("figures")
    if run.evaluation.get("kind") != "discrimination" or not isinstance(plots, list | tuple):
        return NOTHING
    found = [mapping(plot) for plot in plots if mapping(plot).get("kind") == "confusion"]
    for data in (mapping(plot.get("data")) for plot in found):
        classes, counts = _table(data)
        if classes and data.get("truth") and data.get("called"):
            cells = [
                f"{truth} called {called}: {counts[i][j]}"
                for i, truth in enumerate(classes)
                for j, called in enumerate(classes)
            ]
            return Fact(f"{data['truth']} by {data['called']}: {', '.join(cells)}.")
    return NOTHING


def _table(data: Mapping[str, Any]) -> tuple[list[Any], list[list[int]]]:
    """Classes and their square table of counts; nothing where it is no such table, or empty."""
    classes, counts = data.get("classes"), data.get("counts")
    if not isinstance(classes, list | tuple) or not isinstance(counts, list | tuple):
        return [], []
    rows = [list(row) for row in counts if isinstance(row, list | tuple)]
    square = len(rows) == len(counts) == len(classes) > 1 and all(
        len(row) == len(classes) for row in rows
    )
    cells = [cell for row in rows for cell in row]
    whole = all(isinstance(cell, int) and cell >= 0 for cell in cells) and any(cells)
    return (list(classes), rows) if square and whole else ([], [])


FACTS: Mapping[str, Callable[[Run], Fact]] = {
    fact.__name__: fact
    for fact in (
        software,
        imaging_software,
        settings,
        inputs,
        virtual,
        scanners,
        split,
        disjoint,
        sample_size,
        accuracy_size,
        measures,
        uncertainty,
        performance,
        accuracy,
        accuracy_methods,
        numbers,
        heterogeneity,
        crosstab,
    )
}
"""Facts by the names that the lists of items use."""
