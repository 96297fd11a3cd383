"""Pictures of chips: both kinds of file, one or a folder of them, refused before the work, and drawn from the data."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from enose.chips.cell_pictures import DROOP_TEMPERATURES_C, droop_picture, noise_picture, transfer_picture
from enose.chips.pictures import Picture, PlotError, check_plot, write_pictures
from enose.chips.spread_pictures import certificate_picture, yield_picture
from enose.chips.yields import chip_yield
from enose.cli.chip import find_chip
from enose.cli.main import run
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.characterise import cell_figures
from enose_hwsim.chips.cells.curves import CellCurves, cell_curves
from enose_hwsim.chips.twin.certify import certify

pytestmark = pytest.mark.usefixtures("libngspice")

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return find_chip("mlp441")


@pytest.fixture(scope="module")
def curves(chip: MlpFile) -> list[CellCurves]:
    return [cell_curves(chip, temperature_c) for temperature_c in (0.0, 27.0, 60.0)]


def test_the_curves_follow_their_equations(chip: MlpFile, curves: list[CellCurves]) -> None:
    for one in curves:
        assert one.synapse_a.shape == one.synapse_equation_a.shape == (5, 41)
        # Measured: 3.5, 4.4 and 5.4 % of the full current; 9.4, 2.5 and 8.9 mV.
        assert np.abs(one.synapse_a - one.synapse_equation_a).max() < 0.07 * one.full_a
        assert np.abs(one.neuron_v - one.neuron_equation_v).max() < 12e-3
        assert (np.diff(one.neuron_noise) < 0).all()  # flicker noise, down to the thermal one
    middle = curves[1]
    total_v = np.sqrt(np.trapezoid(middle.neuron_noise**2, middle.frequency_hz))
    assert total_v == pytest.approx(cell_figures(chip).neuron_noise_v, rel=1e-6)
    assert curves[0].synapse_noise[0] < middle.synapse_noise[0] < curves[2].synapse_noise[0]


def texts(path: Path) -> str:
    """What an SVG says: matplotlib draws text as outlines, and leaves it in comments."""
    return path.read_text(encoding="utf-8")


def test_cells_into_one_file_or_a_folder(chip: MlpFile, curves: list[CellCurves], tmp_path: Path) -> None:
    pictures = [transfer_picture(chip, curves), noise_picture(chip, curves), droop_picture(chip)]
    (path,) = write_pictures(pictures, tmp_path / "all.PNG", "mlp441")
    assert path.read_bytes().startswith(PNG)
    folder = tmp_path / "folder"
    folder.mkdir()
    written = write_pictures(pictures, folder, "mlp441")
    names = [f"mlp441-{name}.{kind}" for name in ("transfer", "noise", "droop") for kind in ("png", "svg")]
    assert [path.name for path in written] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    for path in folder.glob("*.svg"):
        assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    for temperature_c in DROOP_TEMPERATURES_C:
        assert f"{temperature_c:g} C: " in texts(folder / "mlp441-droop.svg")
    assert "25 C: 10 mV/s, within the tolerance for 100 ms" in texts(folder / "mlp441-droop.svg")
    assert "input, V" in texts(folder / "mlp441-transfer.svg")


def test_many_chips(chip: MlpFile, tmp_path: Path) -> None:
    certificate = certify(chip, chips=3, samples=8, seed=2, temperatures_c=(27.0,))
    answer = chip_yield(chip, 30, 10, seed=1)
    pictures = [certificate_picture(chip, certificate), yield_picture(chip, answer)]
    (path,) = write_pictures(pictures, tmp_path / "x.svg", "mlp441")
    said = texts(path)
    for limit_uv in (50, 200, 400):
        assert f": {limit_uv} µV" in said
    assert "valid 0.78 .. 1.04 V" in said
    assert "30 mismatched chips" in said
    assert "3 chips x 8 samples, corner tt, at each temperature" in said
    one = chip_yield(chip, 1, 1, seed=1)  # the least that can be drawn
    (path,) = write_pictures([yield_picture(chip, one)], tmp_path / "one.png", "mlp441")
    assert path.read_bytes().startswith(PNG)


def test_the_command_draws_and_its_json_parses(
    chip: MlpFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "yield.png"
    assert run(["chip", "yield", "mlp441", "--chips", "5", "--samples", "4", "--plot", str(path), "--json"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("{\n")
    assert out.endswith("}\n")
    assert f"wrote {path}" in err
    assert path.read_bytes().startswith(PNG)


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_plot(None)
    check_plot(tmp_path)
    kept = tmp_path / "kept.png"
    kept.write_bytes(b"old")
    check_plot(kept)
    check_plot(tmp_path / "new.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["kept.png"]
    assert kept.read_bytes() == b"old"
    for path, reason in (
        (tmp_path / "folder", "expected a folder that is there, or a file ending in .png or .svg"),
        (tmp_path / "x.pdf", "a file ending in .png or .svg"),
        (tmp_path / "no" / "x.png", "there is no folder"),
        (kept / "x.png", "there is no folder"),
    ):
        with pytest.raises(PlotError, match=reason) as error:
            check_plot(path)
        assert str(error.value).startswith(f"{path}: ")

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    monkeypatch.setattr(Path, "open", refused)
    for path in (tmp_path, kept, tmp_path / "new.png"):
        with pytest.raises(PlotError, match=r"cannot be written \(Permission denied\)"):
            check_plot(path)
    monkeypatch.setattr("enose.chips.pictures.find_spec", lambda _: None)
    with pytest.raises(PlotError, match="pip install 'enose\\[plot\\]'"):
        check_plot(kept)


def test_a_write_that_fails_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlotError, match=r"x.png: cannot be written \(No such file or directory\)"):
        write_pictures([Picture("empty", 1.0, lambda figure: None)], tmp_path / "gone" / "x.png", "mlp441")
