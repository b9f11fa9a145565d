"""The one line that says what is being trained, printed before the first step."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from overfit_cli.report.figures import listed
from overfit_cli.report.surface import Fitted, Surface
from overfit_cli.words import count, plural

SEPARATOR = " | "


@dataclass(frozen=True)
class Subject:
    """What is trained, as far as it is known beforehand.

    classes: 0 for regression, which has `targets` columns to predict. target: the name of the only
    one, told of tables, whose target may have been found by its name. sizes: units per layer,
    inputs and outputs included. methods: each in words, "dropout: keep 0.5 (drop 0.5) of ...".
    label_noise: the fraction of train and val labels that are wrong; for regression the noise
    added to their targets, in standard deviations.
    """

    dataset: str
    n_train: int
    n_val: int
    n_test: int
    sizes: tuple[int, ...]
    activation: str
    n_parameters: int
    methods: tuple[str, ...]
    classes: int = 0
    targets: int = 1
    target: str = ""
    seeds: tuple[int, ...] = (0,)
    label_noise: float = 0.0


def headline(subject: Subject) -> Fitted:
    """Return the line, data set in bold; where it is too long it breaks between its parts."""
    return Fitted(lambda surface: _drawn(subject, surface))


def _drawn(subject: Subject, surface: Surface) -> Text:
    line = _broken(headline_parts(subject), surface)
    line.stylize("bold", 0, len(surface.text(subject.dataset)))
    return line


def headline_parts(subject: Subject) -> list[str]:
    """Return data, network, seeds (if several) and each method, in words."""
    rows = f"{count(subject.n_train)} train, {count(subject.n_val)} val"
    rows = f"{subject.dataset}: {rows}, {count(subject.n_test)} test rows"
    if not subject.sizes:
        # of a run that failed before it had a network
        return [rows, *subject.methods]
    data = f"{rows}, {plural(subject.sizes[0], 'input')}, {_answer(subject)}"
    data += _noise(subject)
    layers = "-".join(map(str, subject.sizes))
    activation = f" {subject.activation}" if len(subject.sizes) > 2 else ", no hidden layer"
    network = f"{layers}{activation}, {plural(subject.n_parameters, 'parameter')}"
    seeds = [f"seeds {_spelled(subject.seeds)}"] if len(subject.seeds) > 1 else []
    return [data, network, *seeds, *subject.methods]


def _answer(subject: Subject) -> str:
    if not subject.classes:
        return f"target '{subject.target}'" if subject.target else plural(subject.targets, "target")
    return plural(subject.classes, "class") + (f" of '{subject.target}'" if subject.target else "")


def _noise(subject: Subject) -> str:
    if not subject.label_noise:
        return ""
    rows = "train and val" if subject.n_val else "train"
    if subject.classes:
        return f", {100 * subject.label_noise:.4g}% of {rows} labels wrong"
    return f", noise of {subject.label_noise:.4g} sd added to {rows} targets"


def _spelled(seeds: tuple[int, ...]) -> str:
    consecutive = seeds == tuple(range(seeds[0], seeds[0] + len(seeds)))
    return f"{seeds[0]} to {seeds[-1]}" if consecutive and len(seeds) > 2 else listed(seeds)


def _broken(parts: list[str], surface: Surface) -> Text:
    lines: list[Text] = []
    for part in map(surface.text, parts):
        joined = lines and lines[-1] + Text(SEPARATOR) + part
        if joined and cell_len(joined.plain) <= surface.width:
            lines[-1] = joined
        else:
            lines.append(part)
    return Text("\n").join(lines)
