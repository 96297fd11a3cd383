"""The demo's report as text for a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

STEP_WORDS = {
    "float": "network in float64",
    "mapped": "weights as the image has them",
    "quantised": "ADC, integers and DAC",
    "chip": "on the simulated chip",
    "firmware": "through the firmware",
}
PLAIN_WORDS = {
    "mlp443": "plain MLP with 4 hidden, same inputs",
    "svm": "SVM, all sensors",
    "lda": "LDA, all sensors",
    "majority": "majority class",
}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report."""
    kind = "simulated" if report["simulated_recordings"] else "real"
    console.print(f"recordings   {report['recordings']} ({kind})")
    for note in _shortened(report["notes"]):
        console.print(f"             {note}")
    console.print(f"split        {report['split']}")
    size = "-".join(str(count) for count in report["topology"])
    for network in report["networks"]:
        console.print(
            f"trained      {size} on {', '.join(network['sensors'])}; {_order(report, network['class_order'])}"
        )
        if held := network.get("held"):
            console.print(f"             weights: {_held(held)}")
    console.print(f"board        {report['board']} (simulated), chip {report['chip']}, fidelity {report['fidelity']}")
    console.print(f"firmware     under {report['micropython']}{_heap(report['memory_free_low'])}")
    console.print()
    console.print(_confusion(report))
    console.print()
    console.print(_steps(report))
    _show_batches(report, console)
    console.print()
    low, high = report["accuracy_interval"]
    right, tested = sum(row[k] for k, row in enumerate(report["confusion"])), report["specimens"]["tested"]
    console.print(
        f"{right} of {tested} held-out specimens right through the firmware: {right / tested:.1%}"
        f" (95 % interval {low:.1%} to {high:.1%}, {report['interval_method']})"
    )
    bands, done = report["decision"]["rule"] == "bands", report["refresh"]["done"]
    kept = "weights refreshed" if bands else "all memristances programmed or verified"
    console.print(f"{kept} {_counted(done, 'time')}, {report['refresh']['missed']} missed")
    console.print(f"simulated {report['simulated_s']:.1f} s in {report['wall_s']:.1f} s")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _held(held: dict[str, int]) -> str:
    """What the devices' and the adders' ranges made of them."""
    return (
        f"{held['at_limits']} of {held['weights']} at the devices' limits, {held['open']} open; "
        f"{held['adders_at_limits']} of {held['adders']} adders at theirs"
    )


def _order(report: dict[str, Any], class_order: list[str]) -> str:
    """Which class is which answer."""
    if report["decision"]["rule"] == "bands":
        return f"bands {' < '.join(class_order)}"
    outputs = report["topology"][2]
    named = [f"output {k + 1} {name}" for k, name in enumerate(class_order[:outputs])]
    return ", ".join(named + [f"at rest {name}" for name in class_order[outputs:]])


def _confusion(report: dict[str, Any]) -> Table:
    table = Table(
        "true", *report["confusion_columns"], box=None, title="confusion, firmware's answers", title_justify="left"
    )
    for name, row in zip(report["classes"], report["confusion"], strict=True):
        table.add_row(name, *(str(count) for count in row))
    return table


def _steps(report: dict[str, Any]) -> Table:
    votes = report.get("vote")
    columns = ["step", "accuracy"] + ([f"vote over {report['vote_groups']} groups"] if votes else [])
    table = Table(*columns, box=None)
    rows = [(name, STEP_WORDS[name], value) for name, value in report["accuracy"].items()]
    rows += [(name, f"peer: {PLAIN_WORDS[name]}", value) for name, value in report["plain"].items()]
    for name, words, value in rows:
        table.add_row(words, f"{value:.1%}", *([f"{votes[name]:.1%}"] if votes else []))
    return table


def _show_batches(report: dict[str, Any], console: Console) -> None:
    drift = report["by_batch"]
    if drift:
        parts = ", ".join(f"{name} {value:.1%}" for name, value in drift["chip_accuracy"].items())
        console.print(f"\nsplit by batch, chip trained on {drift['trained_on']} alone: {parts}")


def _shortened(notes: list[str], most: int = 4) -> list[str]:
    return notes if len(notes) <= most else [*notes[:most], f"... and {len(notes) - most} more (--json has all)"]


def _heap(free_bytes: int | None) -> str:
    return "" if free_bytes is None else f", {free_bytes / 1024:.0f} KiB of heap free at least"
