"""Weight images as files: read whole or refused in one line, written whole or not at all."""

from pathlib import Path

import pytest

from enose.image import ImageFileError, check_writable, read_image, write_whole
from rig import image


def test_an_image_file_is_read_as_bytes_and_content(tmp_path: Path) -> None:
    path = tmp_path / "fruit.img"
    write_whole(path, image().pack())
    raw, content = read_image(path)
    assert raw == image().pack()
    assert content.classes == ["banana", "lemon", "lychee"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the image is damaged: its hash does not match"),
        (b"GIF89a" * 50, "the image is damaged: its hash does not match"),
        (image().pack()[:-1], "the image is damaged: its hash does not match"),
    ],
    ids=["empty", "a picture", "cut short"],
)
def test_what_is_no_image_is_refused_in_one_line(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x.img"
    path.write_bytes(content)
    with pytest.raises(ImageFileError) as error:
        read_image(path)
    assert str(error.value) == f"{path}: not a weight image: {reason}"


def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match=r"none.img: cannot be read \(No such file or directory\)"):
        read_image(tmp_path / "none.img")
    with pytest.raises(ImageFileError, match=r"cannot be read \(Is a directory\)"):
        read_image(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_write_replaces_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.img"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["a.img"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match="there is no folder"):
        check_writable(tmp_path / "none" / "a.img")
    check_writable(tmp_path / "a.img")
    check_writable(None)
