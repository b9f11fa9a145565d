"""Every named data source: a literal, greppable dict."""

from __future__ import annotations

from dataclasses import replace

from overfit_cli.data import builtin, synthetic
from overfit_cli.data.dataset import Dataset
from overfit_cli.data.generated import generated
from overfit_cli.data.request import DataRequest
from overfit_cli.data.source import Option, Source, Values


def _mnist(request: DataRequest, values: Values, seed: int) -> Dataset:
    from overfit_cli.data import idx

    return idx.load(replace(request, dataset="mnist"), {}, seed)


def _rows(n: int, n_test: int = 1000) -> dict[str, Option]:
    return {
        "n": Option(n, 2, 1e7, "rows for training and validation"),
        "n_test": Option(n_test, 1, 1e7, "fresh test rows"),
        "seed": Option(
            0, 0, 2**32 - 1, "which problem or table, where the run's seed does not say"
        ),
    }


def _noise(default: float, low: float, of: str) -> dict[str, Option]:
    return {"noise": Option(default, low, 100.0, f"standard deviation of {of}")}


EXTRA = {"extra": Option(0, 0, 10_000, "further inputs that say nothing, N(0, 1)")}

SOURCES: dict[str, Source] = {
    "digits": Source(
        "digits",
        "1,797 handwritten digits, 8 x 8 pixels, 10 classes (the default)",
        "classification",
        builtin.digits,
        "splits",
        "Alpaydin & Kaynak 1998, UCI: Optical Recognition of Handwritten Digits (test part)",
        "digits",
    ),
    "iris": Source(
        "iris",
        "150 flowers, 4 measurements, 3 classes",
        "classification",
        builtin.classes_file("iris", "iris.csv", builtin.IRIS, "setosa versicolor virginica"),
        "splits",
        "Fisher 1936, The use of multiple measurements in taxonomic problems",
        "iris",
    ),
    "wine": Source(
        "wine",
        "178 wines, 13 measurements, 3 growers",
        "classification",
        builtin.classes_file("wine", "wine_data.csv", builtin.WINE, "class_0 class_1 class_2"),
        "splits",
        "Aeberhard & Forina 1992, UCI: Wine",
        "wine",
    ),
    "breast-cancer": Source(
        "breast-cancer",
        "569 tumours, 30 measurements of cell nuclei, 2 classes",
        "classification",
        builtin.classes_file(
            "breast-cancer", "breast_cancer.csv", builtin.nuclei_columns(), "malignant benign"
        ),
        "splits",
        "Wolberg, Street & Mangasarian 1995, UCI: Breast Cancer Wisconsin (Diagnostic)",
        "breast-cancer",
    ),
    "diabetes": Source(
        "diabetes",
        "442 patients, 10 measurements, progress of the disease (regression)",
        "regression",
        builtin.diabetes,
        "splits",
        "Efron, Hastie, Johnstone & Tibshirani 2004, Least angle regression",
        "diabetes",
    ),
    "linnerud": Source(
        "linnerud",
        "20 men, 3 exercises, 3 measures of the body to predict (regression)",
        "regression",
        builtin.linnerud,
        "splits",
        "Tenenhaus 1998, La regression PLS: theorie et pratique",
        "linnerud",
    ),
    "mnist": Source(
        "mnist",
        "70,000 handwritten digits, 28 x 28 pixels, 10,000 of them given as test rows",
        "classification",
        _mnist,
        "fixed",
        "LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning for document recognition",
        "mnist",
    ),
    "moons": Source(
        "moons",
        "two interleaved half circles, smeared",
        "classification",
        generated("moons", synthetic.moons),
        "draws",
        "the shape of scikit-learn's make_moons; true probabilities by quadrature",
        "moons:n=200,noise=0.3",
        {**_rows(250), **_noise(0.3, 0.01, "the smear"), **EXTRA},
    ),
    "circles": Source(
        "circles",
        "a circle inside a circle, smeared",
        "classification",
        generated("circles", synthetic.circles),
        "draws",
        "the shape of scikit-learn's make_circles; true probabilities by quadrature",
        "circles:n=200,factor=0.4",
        {
            **_rows(250),
            **_noise(0.2, 0.01, "the smear"),
            "factor": Option(0.5, 0.0, 0.99, "radius of the inner circle; the outer one's is 1"),
            **EXTRA,
        },
    ),
    "spirals": Source(
        "spirals",
        "interleaved spiral arms, smeared",
        "classification",
        generated("spirals", synthetic.spirals),
        "draws",
        "after Lang & Witbrock 1988, Learning to tell two spirals apart",
        "spirals:n=600,arms=3",
        {
            **_rows(500),
            **_noise(0.05, 0.01, "the smear"),
            "arms": Option(2, 2, 20, "arms, one class each"),
            "turns": Option(1.0, 0.1, 5.0, "turns of an arm from the centre to radius 1"),
            **EXTRA,
        },
    ),
    "blobs": Source(
        "blobs",
        "overlapping spherical Gaussian classes",
        "classification",
        generated("blobs", synthetic.blobs),
        "draws",
        "Gaussian classes of equal spread: the truth is linear (Fisher's discriminant)",
        "blobs:classes=5,features=20",
        {
            **_rows(250),
            **_noise(1.0, 0.01, "a class about its centre; centres have 1"),
            "classes": Option(3, 2, 100, "classes"),
            "features": Option(2, 1, 1000, "inputs that matter"),
            **EXTRA,
        },
    ),
    "xor": Source(
        "xor",
        "four Gaussian clouds, opposite corners alike",
        "classification",
        generated("xor", synthetic.xor),
        "draws",
        "after Minsky & Papert 1969, Perceptrons",
        "xor:n=100,extra=20",
        {**_rows(250), **_noise(0.7, 0.01, "a cloud; its corner is at +-1"), **EXTRA},
    ),
    "neal-binary": Source(
        "neal-binary",
        "two inputs, a bump of class 1 with soft edges",
        "classification",
        generated("neal-binary", synthetic.neal_binary),
        "draws",
        "Neal, Software for Flexible Bayesian Modeling: a binary response problem",
        "neal-binary:n=300",
        _rows(300, n_test=10_000),
    ),
    "friedman1": Source(
        "friedman1",
        "a smooth function of five of ten inputs (regression)",
        "regression",
        generated("friedman1", synthetic.friedman1),
        "draws",
        "Friedman 1991, Multivariate adaptive regression splines",
        "friedman1:n=200,noise=2",
        {
            **_rows(250),
            **_noise(1.0, 0.001, "the target about its mean"),
            "features": Option(10, 5, 10_000, "inputs, of which five matter"),
        },
    ),
    "sine": Source(
        "sine",
        "one period of a sine from a few noisy points (regression)",
        "regression",
        generated("sine", synthetic.sine),
        "draws",
        "Bishop 2006, Pattern Recognition and Machine Learning, section 1.1",
        "sine:n=15,noise=0.3",
        {**_rows(25), **_noise(0.3, 0.001, "the target about its mean")},
    ),
    "sparse-linear": Source(
        "sparse-linear",
        "a linear function of five of a hundred inputs (regression)",
        "regression",
        generated("sparse-linear", synthetic.sparse_linear),
        "draws",
        "the setting of Tibshirani 1996, Regression shrinkage and selection via the lasso",
        "sparse-linear:features=200,relevant=3",
        {
            **_rows(125),
            **_noise(1.0, 0.001, "the target about its mean"),
            "features": Option(100, 1, 10_000, "inputs"),
            "relevant": Option(5, 1, 10_000, "inputs that matter: coefficients +1, -1, +1, ..."),
        },
    ),
}
