"""Classic small data sets, read from the files inside the installed scikit-learn package.

Only the package's place is asked for: importing scikit-learn takes seconds.
"""

from __future__ import annotations

import gzip
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np

from overfit_cli.data.dataset import Dataset, Floats
from overfit_cli.data.fingerprint import fingerprint
from overfit_cli.data.request import DataRequest
from overfit_cli.data.source import Values
from overfit_cli.errors import DataError

IRIS = "sepal_length sepal_width petal_length petal_width"
WINE = (
    "alcohol malic_acid ash alcalinity_of_ash magnesium total_phenols flavanoids "
    "nonflavanoid_phenols proanthocyanins color_intensity hue od280_od315 proline"
)
NUCLEI = (
    "radius texture perimeter area smoothness compactness concavity concave_points symmetry "
    "fractal_dimension"
)
DIABETES = "age sex bmi bp s1 s2 s3 s4 s5 s6"


def nuclei_columns() -> str:
    """Return the 30 columns of breast-cancer: mean, standard error and worst of ten measures."""
    return " ".join(f"{of}_{name}" for of in ("mean", "error", "worst") for name in NUCLEI.split())


def digits(request: DataRequest, values: Values, seed: int) -> Dataset:
    """Load 1,797 handwritten digits of 8 x 8 pixels from 0 to 16."""
    table = _numbers(_read("digits.csv.gz"), 65).astype(np.uint8)
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    classes = [str(digit) for digit in range(10)]
    return _dataset("digits", table[:, :64], names, table[:, 64], classes, pixel_range=16.0)


def classes_file(
    name: str, file: str, columns: str, classes: str
) -> Callable[[DataRequest, Values, int], Dataset]:
    """Return the `load` of a CSV file with one header line and the class code as last column.

    `columns` and `classes` are names with a space between them.
    """

    def load(request: DataRequest, values: Values, seed: int) -> Dataset:
        _, _, rows = _read(file).partition("\n")
        names = columns.split()
        table = _numbers(rows, len(names) + 1)
        return _dataset(name, table[:, :-1], names, table[:, -1], classes.split())

    return load


def diabetes(request: DataRequest, values: Values, seed: int) -> Dataset:
    """Load 442 patients: ten raw measurements, and the disease's progress a year later."""
    names = DIABETES.split()
    inputs = _numbers(_read("diabetes_data_raw.csv.gz").replace(" ", ","), len(names))
    target = _numbers(_read("diabetes_target.csv.gz"), 1)
    return _dataset("diabetes", inputs, names, target, [], targets=("progression",))


def linnerud(request: DataRequest, values: Values, seed: int) -> Dataset:
    """Load 20 men: what they managed of three exercises, and three measures of their bodies."""
    names, inputs = _spaced("linnerud_exercise.csv")
    measures, target = _spaced("linnerud_physiological.csv")
    return _dataset("linnerud", inputs, names, target, [], targets=tuple(measures))


def _spaced(file: str) -> tuple[list[str], Floats]:
    """Return the names and the table of a file with a space between cells."""
    header, _, rows = _read(file).partition("\n")
    names = header.split()
    return names, _numbers(rows.replace(" ", ","), len(names))


def _read(file: str) -> str:
    spec = importlib.util.find_spec("sklearn")
    home = Path(spec.origin).parent if spec and spec.origin else Path()
    path = home / "datasets" / "data" / file
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"scikit-learn's file {file} is missing; reinstall scikit-learn."
        ) from error
    return (gzip.decompress(raw) if file.endswith(".gz") else raw).decode("ascii")


def _numbers(text: str, columns: int) -> Floats:
    """Return the comma-separated table; `fromstring` reads it ten times faster than `loadtxt`."""
    # and whole numbers, such as those of digits, eight times faster again as what they are
    kind = np.float64 if "." in text or "e" in text else np.int64
    flat = np.fromstring(text.strip().replace("\n", ","), dtype=kind, sep=",")
    return flat.reshape(-1, columns).astype(np.float64)


def _dataset(
    name: str,
    inputs: np.ndarray,
    columns: list[str],
    target: np.ndarray,
    classes: list[str],
    pixel_range: float | None = None,
    targets: tuple[str, ...] = ("class",),
) -> Dataset:
    target = target.astype(np.int64) if classes else target
    return Dataset(
        name=name,
        task="classification" if classes else "regression",
        numeric=inputs,
        numeric_names=tuple(columns),
        codes=np.empty((len(inputs), 0), np.int64),
        categories=(),
        target=target,
        target_names=targets,
        classes=tuple(classes),
        row_ids=np.arange(len(inputs)),
        fingerprint=fingerprint(name, inputs, target),
        pixel_range=pixel_range,
    )
