"""`enose chip`: its answers, exit codes and errors."""

import json
from pathlib import Path

import pytest

from enose.boards import boards_folder
from enose.cli.main import BAD_INPUT, FAILED, run
from enose_hwsim.chips.memristor import certify as network
from enose_hwsim.chips.twin import certify
from rig import image

pytestmark = pytest.mark.usefixtures("libngspice")

CHIP = str(boards_folder() / "chips" / "mlp441.toml")


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict:
    assert run(["chip", *arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


@pytest.mark.timeout(300)  # the tables may have to be taken
def test_certify(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    small = ("certify", "mlp441", "--chips", "3", "--samples", "10", "--seed", "4")
    monkeypatch.setattr(certify, "OUTPUT_COVERAGE", 0.2)  # thirty outputs are not everywhere
    given = answer(capsys, *small)
    assert (given["simulated"], given["seed"], given["chips"], given["samples"]) == (True, 4, 3, 10)
    assert given["max_error_v"] < 4e-4
    assert run(["chip", *small]) == 0
    assert "fast twin against ngspice (simulated)" in capsys.readouterr().out
    monkeypatch.setattr(certify, "CHIP_SIGMA_V", 1.0)
    given = answer(capsys, *small, code=FAILED)
    assert (given["ok"], given["missed"]) == (False, [f"chip_sigma_v {given['chip_sigma_v']:.4g} (at least 1)"])


@pytest.mark.timeout(300)  # as above
def test_certify_elsewhere(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "OUTPUT_COVERAGE", 0.0)
    given = answer(capsys, "certify", "mlp441", "--chips", "2", "--samples", "5", "--temperature", "35",
                   "--temperature", "27", "--corner", "tt")  # fmt: skip
    assert (given["temperatures_c"], given["corner"], len(given["netlists"])) == ([35, 27], "tt", 2)
    assert given["max_error_v"] < 5e-5


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    given = answer(capsys, "show", CHIP)
    assert given["simulated"] is True
    assert given["power_mw"]["total"] < 0.2
    assert run(["chip", "show", "mlp441"]) == 0
    assert "power mw total" in capsys.readouterr().out


def test_characterise(capsys: pytest.CaptureFixture[str]) -> None:
    given = answer(capsys, "characterise", "mlp441")
    assert given["simulated"] is True
    cells = {(row["corner"], row["temperature_c"]): row for row in given["cells"]}
    assert len(cells) == 7
    typical = cells["tt", 27.0]
    assert typical["gain"] == pytest.approx(2.8, abs=0.05)  # (V_zero - V_min) kappa / (2 U_T)
    assert typical["synapse_kappa"] == pytest.approx(0.7, abs=0.03)  # the chip file's
    assert typical["synapse_deviation"] < 0.001
    assert typical["neuron_deviation"] < 0.002
    assert 1e-6 < typical["neuron_noise_v"] < 1e-4
    assert cells["ss", 27.0]["synapse_supply_a"] < typical["synapse_supply_a"] < cells["ff", 27.0]["synapse_supply_a"]
    for temperature_c in (0.0, 60.0):
        # Only 1 / U_T moves the gain: 10 % each way.
        assert cells["tt", temperature_c]["gain"] * (temperature_c + 273.15) == pytest.approx(
            typical["gain"] * 300.15, rel=0.05
        )
    assert run(["chip", "characterise", "mlp441"]) == 0
    assert "tt 27 C" in capsys.readouterr().out


def test_yield(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = ("yield", "mlp441", "--chips", "150", "--samples", "20", "--seed", "3")
    given = answer(capsys, *small)
    assert (given["simulated"], given["fidelity"], given["chips"], given["samples"]) == (True, "fast", 150, 20)
    assert given["yield"] == given["valid_chips"] / 150
    assert given["yield_interval"][0] < given["yield"] <= given["yield_interval"][1]
    assert answer(capsys, *small) == given
    assert answer(capsys, *small, "--temperature", "60")["temperature_c"] == 60
    path = tmp_path / "fruit.img"
    path.write_bytes(image().pack())
    assert answer(capsys, *small, "--image", str(path))["weights"] == "weights of fruit.img"
    assert run(["chip", *small]) == 0
    assert "by the fast twin (simulated)" in capsys.readouterr().out


def test_certify_of_the_memristor_network(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(network, "OUTPUT_COVERAGE", 0.2)  # outputs of eight chips are not everywhere
    picture = tmp_path / "network.svg"
    small = ("certify", "memristor542", "--chips", "8", "--samples", "20", "--seed", "2", "--plot", str(picture))
    given = answer(capsys, *small)
    assert (given["chip"], given["simulated"], given["chips"]) == ("memristor542", True, 8)
    assert given["max_error_v"] < 1e-3  # what is asked of it; its own limit is lower
    assert "<svg" in picture.read_text()
    assert run(["chip", "certify", "memristor542", "--corner", "ss"]) == BAD_INPUT
    assert "--corner ss: memristor542 is simulated at the typical corner" in capsys.readouterr().err
    assert run(["chip", "show", "memristor542"]) == BAD_INPUT
    assert "only for transistor chips" in capsys.readouterr().err
    monkeypatch.setattr(network, "OUTPUT_COVERAGE", 1.1)
    given = answer(capsys, "certify", "memristor542", "--chips", "2", "--samples", "3", code=FAILED)
    (missed,) = given["missed"]
    assert missed == f"output_coverage {given['output_coverage']:.4g} (at least 1.1)"
    assert run(["chip", "certify", "memristor542", "--chips", "2", "--samples", "3"]) == FAILED
    assert missed in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["show", "characterise", "certify", "yield"])
def test_every_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["chip", verb, "--help"]) == 0
    assert f"Examples: enose chip {verb} mlp441" in " ".join(capsys.readouterr().out.split())


def test_bad_input_is_refused_before_any_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("enose_hwsim.spice.driver.Solver.__init__", work)
    monkeypatch.setattr("enose_hwsim.chips.twin.store.load_tables", work)
    (tmp_path / "two.toml").write_text(Path(CHIP).read_text().replace("outputs = 1", "outputs = 2"))
    (tmp_path / "damaged.img").write_bytes(b"no image")
    (tmp_path / "wide.toml").write_text(Path(CHIP).read_text().replace("max_v = 0.95", "max_v = 1.05"))
    monkeypatch.chdir(tmp_path)
    for verb in ("show", "characterise", "certify", "yield"):
        for arguments, expected in (
            (["mlp441", "--plot", "none/x.png"], "none/x.png: there is no folder none to write into"),
            (["mlp441", "--plot", "x.jpg"], "x.jpg: expected a folder that is there, or a file ending in .png or .svg"),
            (["mlp999"], "'mlp999' is no chip"),
            (["two.toml"], "two.toml: topology.outputs 2, expected 1"),
        ):
            assert run(["chip", verb, *arguments]) == BAD_INPUT
            out, err = capsys.readouterr()
            assert (out, err.count("\n")) == ("", 1)
            assert expected in err
    assert run(["chip", "yield", "mlp441", "--image", "damaged.img"]) == BAD_INPUT
    assert "damaged.img: not a weight image" in capsys.readouterr().err
    for verb in ("certify", "yield"):
        assert run(["chip", verb, "wide.toml"]) == BAD_INPUT
        assert "mlp441: input.max_v 1.05 V, the fast twin is certified at 0.779..1.021 V" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.img", "two.toml", "wide.toml"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["chip", "show", "mlp999"], "'mlp999' is no chip; known:"),
        (["chip", "show", "no/such.toml"], "no/such.toml: cannot be read"),
        (["chip", "certify", "mlp441", "--chips", "1"], '"1" for --chips. Must be >= 2.'),
        (["chip", "certify", "mlp441", "--chips=-5"], '"-5" for --chips. Must be >= 2.'),
        (["chip", "certify", "mlp441", "--samples", "0"], '"0" for --samples. Must be >= 1.'),
        (["chip", "certify", "mlp441", "--seed=-1"], '"-1" for --seed. Must be >= 0.'),
        (["chip", "yield", "mlp441", "--chips", "0"], '"0" for --chips. Must be >= 1.'),
        (["chip", "yield", "mlp441", "--samples", "ten"], "ten"),
        (["chip", "yield", "mlp441", "--temperature", "60.5"], '"60.5" for --temperature. Must be <= 60.'),
        (["chip", "yield", "mlp441", "--temperature", "nan"], '"nan" for --temperature.'),
        (["chip", "certify", "mlp441", "--temperature", "27", "--temperature=-1"], "Must be >= 0."),
        (["chip", "certify", "mlp441", "--temperature", "warm"], "warm"),
        (["chip", "certify", "mlp441", "--corner", "xx"], "xx"),
        (
            ["chip", "show", "memristor542"],
            "memristor542.toml: only for transistor chips; for memristor542 there is `enose chip certify memristor542`",
        ),
        (["chip", "show", "mlp441", "--temperature", "61"], '"61.0" for --temperature. Must be <= 60.'),
        (["chip", "show", "mlp441", "--temperature", "nan"], '"nan" for --temperature.'),
        (["chip", "yield", "mlp441", "--image", "none.img"], "none.img: cannot be read (No such file or directory)"),
    ],
)
def test_bad_input(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == BAD_INPUT
    assert expected in " ".join(capsys.readouterr().err.split())
