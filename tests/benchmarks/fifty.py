"""Fifty trainings as one batch against PyTorch, scikit-learn and JAX, whole processes, one thread.

none, dropout, l1, l2, max-norm x 10 seeds on digits: 400 training rows, 64-100-10, batch 32,
50 epochs, curves on training and validation rows.

python tests/benchmarks/fifty.py [REPEATS] [PYTHON] [JAX_PYTHON]
PYTHON: an interpreter that has torch and scikit-learn; JAX_PYTHON: one that has jax and
scikit-learn. Who is not given is left out. JAX compiles one program a method, within its time.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIG = """
name = "fifty"
dataset = "digits"
train_size = 400
hidden = [100]
epochs = 50
seeds = 10
[[methods]]
method = ["none", "dropout", "l1", "l2", "max-norm"]
"""

COMMON = """
import numpy as np
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
def parts(seed):
    order = np.random.default_rng(seed).permutation(len(X))
    train, val = order[:400], order[400:760]
    return X[train], y[train], X[val], y[val]
"""

TORCH = (
    COMMON
    + """
import torch
torch.set_num_threads(1)
F = torch.nn.functional
def run(method, seed):
    torch.manual_seed(seed)
    Xt, yt, Xv, yv = map(torch.as_tensor, parts(seed))
    drop = [torch.nn.Dropout(0.5)] if method == "dropout" else []
    net = torch.nn.Sequential(
        torch.nn.Linear(64, 100), torch.nn.ReLU(), *drop, torch.nn.Linear(100, 10)
    )
    weights = [net[0].weight, net[-1].weight]
    decay = 1e-3 if method == "l2" else 0.0
    step = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=decay)
    curves = []
    for _ in range(50):
        net.train()
        for rows in torch.randperm(400).split(32):
            step.zero_grad()
            loss = F.cross_entropy(net(Xt[rows]), yt[rows])
            if method == "l1":
                loss = loss + 1e-4 * sum(w.abs().sum() for w in weights)
            loss.backward()
            step.step()
            if method == "max-norm":
                with torch.no_grad():
                    for w in weights:
                        norm = w.norm(dim=1, keepdim=True).clamp(min=1e-12)
                        w.mul_((3 / norm).clamp(max=1))
        net.eval()
        with torch.no_grad():
            for inputs, target in ((Xt, yt), (Xv, yv)):
                logits = net(inputs)
                curves.append(
                    (F.cross_entropy(logits, target).item(),
                     (logits.argmax(1) != target).float().mean().item())
                )
for method in ("none", "dropout", "l1", "l2", "max-norm"):
    for seed in range(10):
        run(method, seed)
"""
)

SKLEARN = (
    COMMON
    + """
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
def run(seed):
    Xt, yt, Xv, yv = parts(seed)
    net = MLPClassifier((100,), solver="sgd", learning_rate_init=0.05, momentum=0.9,
                        nesterovs_momentum=False, batch_size=32, alpha=0.4, random_state=seed)
    for _ in range(50):
        net.partial_fit(Xt, yt, classes=np.arange(10))
        for inputs, target in ((Xt, yt), (Xv, yv)):
            p = net.predict_proba(inputs)
            log_loss(target, p, labels=np.arange(10))
            (p.argmax(1) != target).mean()
for seed in range(50):
    run(seed)
"""
)

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENVIRONMENT = {
    key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
} | THREADS


def ours() -> list[str]:
    """Return the command that runs the batch into a fresh store."""
    folder = Path(tempfile.mkdtemp())
    config = folder / "fifty.toml"
    config.write_text(CONFIG, encoding="utf-8")
    command = ["batch", str(config), "--executor", "serial", "--store", str(folder / "store.db")]
    return [sys.executable, "-m", "overfit_cli", *command]


def seconds(command: list[str]) -> float:
    """Return the wall time of one process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - started


def main(repeats: int, peer: str | None, jax: str | None) -> None:
    """Print seconds and ratios: medians over repeats, one after another in turn."""
    commands = {"overfit": ours}
    if peer:
        commands["torch"] = lambda: [peer, "-c", TORCH]
        commands["scikit-learn"] = lambda: [peer, "-W", "ignore", "-c", SKLEARN]
    if jax:
        script = str(Path(__file__).parent / "peers" / "jax_fifty.py")
        commands["jax"] = lambda: [jax, script]
    seconds(ours())
    turns = [{name: seconds(make()) for name, make in commands.items()} for _ in range(repeats)]
    for name in commands:
        own = statistics.median(turn[name] for turn in turns)
        ratio = statistics.median(turn["overfit"] / turn[name] for turn in turns)
        figures = {"program": name, "seconds": round(own, 2), "one in": round(1 / ratio, 1)}
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    main(int(given.get(1, 3)), given.get(2), given.get(3))
