"""`enose demo`: the main job, end to end."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from enose.cli.output import print_json, stderr, stdout
from enose.cli.parameters import Fidelity, Json, Seed

SIM = "sim:"


def demo(
    *,
    board: Annotated[str, Parameter(help="the simulated board, sim:NAME")] = "sim:pico-mlp",
    recordings: Annotated[
        Path | None, Parameter(help="real recordings; without it, fruit odours are simulated")
    ] = None,
    classes: Annotated[str | None, Parameter(help="these classes only, separated by commas")] = None,
    change: Annotated[
        Literal["absolute", "relative"], Parameter(help="gas drift only: play dR from one R0, or dR/R0")
    ] = "absolute",
    fidelity: Fidelity = "fast",
    seed: Seed = 0,
    save_image: Annotated[Path | None, Parameter(help="write the weight image to this file")] = None,
    plot: Annotated[Path | None, Parameter(help="draw the result into this .png or .svg file")] = None,
    json: Json = False,
) -> None:
    """Train a network through the chip, program it through the firmware and let the firmware name held-out odours.

    Recordings: by default simulated fruit; --recordings takes a folder of gas-drift batches (UCI 270), the
    home-activity recordings.csv (UCI 362) or a project file. Every accuracy is of specimens that training never saw.

    Examples: `enose demo`, `enose demo --fidelity spice --seed 1 --json`,
    `enose demo --recordings uci_gas_drift --classes ethylene,ethanol,acetaldehyde --plot drift.png`
    """
    from rich.progress import Progress

    from enose.boards import checked_board
    from enose.demo.run import run_demo
    from enose.demo.show import show
    from enose.image import check_writable, write_whole
    from enose.recordings import open_recordings, simulated_fruit
    from enose.recordings.specimen import check_playable

    found, chip, _ = checked_board(board.removeprefix(SIM))
    wanted = tuple(name.strip() for name in classes.split(",")) if classes is not None else None
    check_writable(save_image)
    check_writable(plot, (".png", ".svg"))
    chosen = open_recordings(recordings, wanted, change) if recordings is not None else simulated_fruit(seed, wanted)
    check_playable(str(recordings), chosen)
    with Progress(console=stderr, transient=True) as progress:
        task = progress.add_task("starting", total=None)
        report, image = run_demo(
            found,
            chip,
            chosen,
            fidelity=fidelity,
            seed=seed,
            on_progress=lambda text, done, total: progress.update(task, description=text, completed=done, total=total),
        )
    if save_image is not None:
        write_whole(save_image, image)
    if plot is not None:
        from enose.demo.figure import draw

        draw(report, plot)
    if json:
        print_json(report)
    else:
        show(report, stdout)
