"""What a reproduction answers: rows that set a paper's figure beside ours."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `paper` is None where it gives none, `limit` what `here` has to keep, None for nothing."""

    item: str
    unit: str
    paper: float | str | None
    here: float | str
    limit: str | None = None
    ok: bool = True


def as_dict(name: str, rows: list[Row]) -> dict[str, object]:
    """For JSON, as shared by all reproductions."""
    return {"name": name, "rows": [asdict(row) for row in rows], "ok": all(row.ok for row in rows)}
