"""`--fail-if 'dropout worse none'`: findings that a caller, such as CI, does not accept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast, get_args

from overfit_cli.comparison.records import Comparison, Finding
from overfit_cli.errors import UsageError, choose

FINDINGS: tuple[Finding, ...] = get_args(Finding)
_CONDITION = re.compile(rf"\s*(.*\S)\s+({'|'.join(FINDINGS)})\s+(\S.*?)\s*")


@dataclass(frozen=True)
class Gate:
    """One condition: it trips where `arm` against `baseline` has this finding."""

    arm: str
    finding: Finding
    baseline: str

    def __str__(self) -> str:
        return f"{self.arm} {self.finding} {self.baseline}"


def gate_of(text: str) -> Gate:
    """Return the condition that was written.

    Raises:
        UsageError: it is none.
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--fail-if '{text}': write 'METHOD FINDING BASELINE', such as 'dropout worse none'; "
            f"FINDING is one of {', '.join(FINDINGS)}."
        )
    return Gate(found[1], cast(Finding, found[2]), found[3])


def check_gate(gate: Gate, comparison: Comparison) -> None:
    """Check that the comparison can answer the condition.

    Raises:
        UsageError: a method that was not compared, with the nearest name; another baseline.
    """
    arms = dict.fromkeys(arm.name for problem in comparison.problems for arm in problem.arms)
    choose(gate.arm, arms, f"method of --fail-if '{gate}':")
    choose(gate.baseline, arms, f"baseline of --fail-if '{gate}':")
    baselines = {problem.baseline for problem in comparison.problems}
    if gate.baseline not in baselines or gate.arm == gate.baseline:
        told = ", ".join(sorted(name for name in baselines if name))
        raise UsageError(
            f"--fail-if '{gate}': verdicts are against {told or 'nothing'}; "
            f"for others use --baseline '{gate.baseline}'."
        )


def tripped(gates: Sequence[Gate], comparison: Comparison) -> Iterator[str]:
    """Yield a sentence for every condition that holds somewhere, or that nothing could check."""
    for gate in gates:
        findings = [
            (problem.dataset, verdict.finding, verdict.n)
            for problem in comparison.problems
            for verdict in problem.verdicts
            if (verdict.arm, verdict.baseline) == (gate.arm, gate.baseline)
        ]
        # a gate that stays open because nothing was measured would be no gate
        if not any(n for _, _, n in findings):
            yield f"--fail-if '{gate}' cannot be checked: no seed finished for both."
        where = [dataset for dataset, finding, n in findings if finding == gate.finding and n]
        if where:
            yield f"--fail-if '{gate}' holds on {', '.join(where)}."
