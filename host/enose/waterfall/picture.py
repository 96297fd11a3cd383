"""A waterfall as two pictures: the accuracy step by step, and what each non-ideality does alone."""

from typing import Any

from enose.chips.pictures import Picture

KEPT, LOST, GAINED, NOTHING = "#2b5fa8", "#b03a5b", "#2f7d32", "#7f8790"
SHORT = {
    "float": "float",
    "normalised": "normalised",
    "mapped": "mapped",
    "quantised": "quantised",
    "nominal": "nominal\nchip",
    "chips": "mismatched\nchips (a dot each)",
    "this_chip": "this chip,\nas it is",
    "this_chip_remapped": "this chip,\nremapped",
    "firmware": "firmware",
}


def pictures(report: dict[str, Any]) -> list[Picture]:
    """Of a report as `run.waterfall` gives it."""
    return [steps_picture(report), alone_picture(report)]


def steps_picture(report: dict[str, Any]) -> Picture:
    """A bar a step, hanging from the level that it lost from; the mismatched chips one by one."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        rows = report["steps"]
        for at, row in enumerate(rows):
            level = 100 * row["accuracy"]
            before = level if row["from_accuracy"] is None else 100 * row["from_accuracy"]
            axes.bar(at, min(level, before), width=0.62, color=KEPT, alpha=0.85)
            if level != before:
                axes.bar(
                    at,
                    abs(level - before),
                    bottom=min(level, before),
                    width=0.62,
                    color=LOST if level < before else GAINED,
                )
            text = f"{level:.1f}" + (f"\n{level - before:+.1f}" if row["from_accuracy"] is not None else "")
            tops = [100 * share for share in report["chips"]["each"]] if row["step"] == "chips" else []
            axes.annotate(
                text, (at, max(level, before, *tops)), (0, 5), textcoords="offset points", ha="center", size=9
            )
            if row["step"] == "chips":
                each = sorted(100 * share for share in report["chips"]["each"])
                spread = [at - 0.24 + 0.48 * (k + 0.5) / len(each) for k in range(len(each))]
                axes.plot(spread, each, "o", ms=4, color="white", mec="black", mew=0.7)
        lowest = min([100 * row["accuracy"] for row in rows] + [100 * share for share in report["chips"]["each"]])
        floor = max(0.0, 10 * ((lowest - 12) // 10))
        axes.set(ylim=(floor, 100 + 0.13 * (100 - floor)), ylabel="specimens right (%)")
        axes.set_yticks([tick for tick in axes.get_yticks() if floor <= tick <= 100])
        axes.set_xticks(range(len(rows)), [_name(row) for row in rows])
        kind = "simulated recordings" if report["simulated_recordings"] else "real recordings"
        start = "" if floor == 0 else f"; the axis begins at {floor:.0f} %"
        axes.set_title(f"{report['chip']}, simulated chip, {kind}: {report['tested']} specimens{start}", size=10)
        axes.spines[["top", "right"]].set_visible(False)

    return Picture("steps", 4.2, draw)


def _name(row: dict[str, Any]) -> str:
    """Only some of the specimens are played to the firmware."""
    return SHORT[row["step"]] + (f"\n({row['specimens']} of them)" if row["step"] == "firmware" else "")


def alone_picture(report: dict[str, Any]) -> Picture:
    """A line each with its 95 % interval; grey where there is no effect."""
    rows = [row for row in report["alone"] if row["accuracy"] is not None]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.axvline(0, lw=0.8, color="0.5")
        for at, row in enumerate(reversed(rows)):
            change, low, high = (100 * row[name] for name in ("change", "low", "high"))
            colour = NOTHING if not row["effect"] else LOST if change < 0 else GAINED
            axes.plot([low, high], [at, at], lw=3, color=colour, solid_capstyle="butt")
            axes.plot(change, at, "o" if row["effect"] else "D", ms=6, color=colour)
            axes.annotate(
                row["verdict"].split(":")[0], (1.01, at), xycoords=("axes fraction", "data"), va="center", size=9
            )
        axes.set_yticks(range(len(rows)), [row["words"] for row in reversed(rows)])
        axes.set(xlabel="change of accuracy (points), 95 % interval over groups", ylim=(-0.6, len(rows) - 0.4))
        axes.set_title(f"each alone, on the nominal chip ({report['clean']:.1%} without any of them)", size=10)
        axes.spines[["top", "right"]].set_visible(False)

    return Picture("alone", 0.34 * len(rows) + 1.2, draw)
