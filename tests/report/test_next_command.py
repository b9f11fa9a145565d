import shlex
from dataclasses import replace

import pytest
from report_samples import diverged, run, stopped, without_validation

from overfit_cli.report.next_command import next_command
from overfit_cli.report.verdict import verdict


def ending(method="none", train=0.0, test=0.5, **changes):
    final = {"train": {"nll": train}, "val": {"nll": test}, "test": {"nll": test}}
    return run(method=method, final=final, baselines={"linear model": {"nll": 0.2}}, **changes)


@pytest.mark.parametrize(
    ("method", "advised"),
    [
        ("none", "dropout+early-stopping"),
        ("dropout", "dropout+early-stopping"),
        ("early-stopping", "dropout+early-stopping"),
        ("l2", "l2+dropout"),
        ("l2+dropout", "l2+dropout+early-stopping"),
        ("dropout+early-stopping", "dropout+early-stopping+max-norm"),
        ("bayes", "none,bayes"),
    ],
)
def test_what_overfits_gets_the_next_remedy(method, advised):
    words = shlex.split(next_command([ending(method)], ["--method", method]))
    assert words[:4] == ["overfit", "run", "--method", advised]
    assert words.count("--method") == 1


def test_when_every_remedy_is_in_use_more_seeds_are_advised():
    options = ["--method", "dropout+early-stopping+max-norm", "--seed", "3"]
    command = next_command([ending("dropout+early-stopping+max-norm")], options)
    assert command == "overfit run --seeds 5 --method dropout+early-stopping+max-norm"


def test_the_users_options_are_repeated_and_quoted():
    options = ["--dataset", "my data.csv", "--target", "y", "--epochs=50", "--method=none"]
    assert next_command([ending()], options) == (
        "overfit run --method dropout+early-stopping --p 0.5 "
        "--dataset 'my data.csv' --target y --epochs=50"
    )


def test_options_of_a_method_that_is_left_are_left_too():
    """They would be refused without it."""
    underfits = ending("dropout", train=0.9, test=0.9, best_epoch=20)
    options = ["--method", "dropout", "--p", "0.2", "--scope=minibatch", "--lr", "0.1"]
    assert next_command([underfits], options) == "overfit run --method none --lr 0.1"


def test_options_of_a_method_that_stays_stay():
    options = ["--method", "dropout", "--drop-rate", "0.2"]
    assert next_command([ending("dropout")], options) == (
        "overfit run --method dropout+early-stopping --drop-rate 0.2"
    )


def test_without_validation_rows_there_is_no_early_stopping():
    assert "early-stopping" not in next_command([without_validation()], [])


def test_without_hidden_units_there_is_no_dropout():
    spec = {"hidden": [], "epochs": 100}
    assert next_command([ending(spec=spec)], []) == "overfit run --method early-stopping"


def test_divergence_asks_for_a_smaller_learning_rate():
    assert next_command([diverged()], ["--lr", "0.05"]) == "overfit run --lr 0.01"


def test_underfitting_trains_longer_or_wider():
    plain = ending(train=0.9, test=0.9)
    assert next_command([replace(plain, best_epoch=99)], []) == "overfit run --epochs 200"
    small = replace(plain, best_epoch=20, spec={"hidden": [5, 9], "lr": 0.05})
    assert next_command([small], []) == "overfit run --hidden 10,18"


def test_a_wide_network_that_underfits_gets_smaller_steps_first():
    wide = ending(train=0.9, test=0.9, best_epoch=20, spec={"hidden": [256, 256], "lr": 0.05})
    assert next_command([wide], ["--lr", "0.05"]) == "overfit run --lr 0.01"
    slow = replace(wide, spec=wide.spec | {"lr": 0.01})
    assert next_command([slow], ["--lr=0.01"]) == "overfit run --hidden 512,512 --lr=0.01"


@pytest.mark.parametrize("said", [["--store", "a b.db"], ["--store=a.db"], []])
def test_the_run_to_look_at_is_looked_for_where_it_is_stored(said):
    runs = [ending(method, seed=seed) for method in ("none", "l2") for seed in range(5)]
    for others in ([], ["--epochs", "9"]):
        words = shlex.split(next_command(runs, [*said, *others]))
        assert words[:2] == ["overfit", "show"]
        assert words[3:] == said


def test_a_slight_gap_that_may_yet_close_gets_more_epochs():
    slight = ending("dropout", train=0.01, test=0.1, best_epoch=100)
    options = ["--method", "dropout", "--epochs", "100"]
    assert next_command([slight], options) == "overfit run --epochs 200 --method dropout"
    early = replace(slight, best_epoch=30)
    assert "dropout+early-stopping" in next_command([early], options)


def test_what_is_fine_is_repeated_then_compared():
    fine = ending("l2", test=0.01)
    assert next_command([fine], ["--method", "l2"]) == "overfit run --seeds 5 --method l2"
    assert next_command([fine] * 5, ["--seeds", "5", "--method", "l2"]) == (
        "overfit run --method none,l2 --seeds 5"
    )


def test_training_rows_alone_need_validation_rows():
    blind = run(final={"train": {"nll": 0.1}}, n_val=0, n_test=0, baselines={})
    assert next_command([blind], ["--val-size=0"]) == "overfit run --val-size 0.2"


def test_several_methods_get_seeds_then_a_closer_look():
    few = [ending("none"), ending("dropout", test=0.2)]
    options = ["--method", "none,dropout"]
    assert next_command(few, options) == "overfit run --seeds 5 --method none,dropout"
    many = [replace(each, seed=s, run_id=f"{each.method}{s}") for each in few for s in range(5)]
    assert next_command(many, options) == "overfit show dropout0"


def test_nothing_finished_of_several_methods():
    lost = [diverged(), diverged(method="l2")]
    assert next_command(lost, ["--method", "none,l2"]).startswith("overfit run ")


def test_the_advice_for_a_stopped_run_does_not_repeat_early_stopping():
    command = next_command([stopped()], ["--method", "early-stopping", "--patience", "5"])
    assert command == "overfit run --method dropout+early-stopping --p 0.5 --patience 5"


def warned(text, warmup=10, samples=20):
    settings = {"remedies": {"bayes": {"warmup": warmup, "samples": samples}}}
    return ending("bayes", axis="draw", spec=settings, diagnostics={"warnings": [text]})


def test_a_sampler_that_warns_gets_twice_the_draws():
    options = ["--method", "bayes", "--inference", "hmc", "--warmup", "10", "--samples=20"]
    asked = warned("the chains disagree; raise --warmup and --samples.")
    assert next_command([asked], options) == (
        "overfit run --warmup 20 --samples 40 --method bayes --inference hmc"
    )
    without = warned("4 draws diverged. Try more --warmup.", warmup=0, samples=4)
    assert next_command([without], []) == "overfit run --warmup 200 --samples 8"
    assert "--warmup" not in next_command([warned("one chain; raise --chains.")], [])


def test_an_underfitting_sampler_gets_twice_its_own_samples():
    quiet = warned("", samples=30)
    final = {part: {"nll": 0.9} for part in ("train", "val", "test")}
    assert next_command([replace(quiet, final=final)], []) == "overfit run --samples 60"


@pytest.mark.parametrize(
    ("settings", "advised", "said"),
    [
        (
            {"inference": "sghmc", "step_size": 0.5},
            "--step-size 0.1",
            "a --step-size smaller than 0.5",
        ),
        ({"inference": "hmc", "warmup": 300}, "--warmup 600", "more --warmup"),
        ({"inference": "swag"}, "--lr 0.01", "a learning rate smaller than 0.05"),
    ],
)
def test_a_diverged_average_gets_an_option_that_it_accepts(settings, advised, said):
    """--lr would be refused where the inference does not use it."""
    whole = diverged(method="bayes")
    lost = replace(whole, spec={**whole.spec, "remedies": {"bayes": settings}})
    options = ["--method", "bayes", "--inference", settings["inference"]]
    command = next_command([lost], options)
    assert command == f"overfit run {advised} --method bayes --inference {settings['inference']}"
    assert verdict([lost]).endswith(f"try {said}")
