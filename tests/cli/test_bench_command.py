"""`overfit bench`: times steps of every method beside bare products; stores nothing."""

import json
from pathlib import Path

SMALL = ("--hidden", "7", "--dataset", "moons:n=60")


def test_every_method_is_timed_at_every_width(cli) -> None:
    done = cli("bench", *SMALL, "--method", "none,dropout", "--epochs", "2", "--json")
    found = json.loads(done.out)
    assert found["schema"] == "overfit.bench/1"
    assert found["network"] == "2-7-1"
    for method in ("none", "dropout"):
        own = [step for step in found["steps"] if step["method"] == method]
        assert [step["width"] for step in own] == [1, 4, 16, 64]
        assert all(step["seconds"] > 0 and step["bare_seconds"] > 0 for step in own)
        # what a step adds to its products must show in the ratio
        assert all(step["ratio"] > 1 for step in own)
    assert found["estimate"]["seconds"] > 0
    assert not list(Path().glob("*.db"))


def test_a_sampler_is_left_out_by_name(cli) -> None:
    done = cli("bench", *SMALL, "--method", "none,bayes", "--inference", "hmc")
    (told,) = [line for line in done.out.splitlines() if line.startswith("left out:")]
    assert "Hamiltonian Monte Carlo" in told
    assert "R=64 us" in done.out


def test_only_samplers_leave_nothing_to_time(cli) -> None:
    config = Path("sampler.toml")
    config.write_text('dataset = "moons"\n[[methods]]\nmethod = "bayes"\ninference = "hmc"\n')
    done = cli("bench", config, code=2)
    assert "minibatch" in done.err
