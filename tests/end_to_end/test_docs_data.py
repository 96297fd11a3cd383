"""Every command that docs/data.md and the README's section on recordings show works as it is written."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from enose.cli.main import run
from enose.importing.mapped import read_mapping

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_mapping_shown_is_one(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs/data.md").read_text(encoding="utf-8").split("```toml\n", 1)[1].split("```", 1)[0]
    (tmp_path / "m.toml").write_text(text)
    mapping = read_mapping(tmp_path / "m.toml")
    assert (mapping.unit, mapping.time_unit, mapping.columns.names) == ("kohm", "ms", ("TGS2600", "TGS2602"))


def commands(page: str, section: str | None = None) -> list[list[str]]:
    """The arguments of every `enose` command in the page's sh blocks, or in those of one section."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    if section is not None:
        text = text.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    blocks = [block.split("```", 1)[0] for block in text.split("```sh\n")[1:]]
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    found = [shlex.split(line, comments=True) for line in lines]
    assert found
    assert all(Path(words[0]).name == "enose" for words in found)
    return [words[1:] for words in found]


@pytest.mark.data
@pytest.mark.usefixtures("micropython", "libngspice")
def test_the_commands_shown_work(
    data_path: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = data_path("uci_home_activity_8mox").parent
    monkeypatch.chdir(tmp_path)
    # one draw of inner folds, a third of the time: no network is judged here
    monkeypatch.setattr("enose.training.choosing.FEW_GROUPS", 0)
    done: list[list[str]] = []
    for page, section in (("docs/data.md", None), ("README.md", "Recordings, and whether to trust them")):
        (tmp_path / "home.enose").unlink(missing_ok=True)  # each page imports into a file of its own
        for words in commands(page, section):
            if words in done:  # fruit.enose is recorded once: the README shows the same command
                continue
            done.append(words)
            if words[0] in ("demo", "train"):
                words = [*words, "--fidelity", "ideal"]  # the same command, in a tenth of the time
            assert run([word.replace("PATH", str(data)) for word in words]) == 0, words
            assert capsys.readouterr().out
