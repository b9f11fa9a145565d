"""Read-only and full disks, on real small filesystems where the tests may mount them."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from store_samples import ids_of, make_run, run_id_of, same
from test_store_schema import first_schema

from overfit_cli.errors import StoreError
from overfit_cli.records import Predictions
from overfit_cli.store import Store, disk

Mount = Callable[[str], Path]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Return a function that mounts a tmpfs of a size and gives its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def at(size: str) -> Path:
        options = ["-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        done = subprocess.run(["mount", *options], check=False, capture_output=True)
        if done.returncode:
            pytest.skip("a filesystem cannot be mounted here (needs root)")
        return folder

    if shutil.which("mount") is None:
        pytest.skip("no mount command")
    yield at
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


def remount_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


def killed_writer(path: Path) -> None:
    """Leave at `path` what a killed writer leaves: a log not yet brought into the file."""
    live = path.with_name("live.db")
    with Store.open(live) as store:
        store.save(make_run(0))
        store.save(make_run(1))
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{live}{suffix}", f"{path}{suffix}")
    assert Path(f"{path}-wal").stat().st_size > 0


def closed_writer(path: Path) -> None:
    with Store.open(path) as store:
        store.save(make_run(0))
        store.save(make_run(1))


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("make", [closed_writer, killed_writer, first_schema])
def test_a_read_only_disk_is_read(
    mount: Mount, tmp_path: Path, make: Callable[[Path], None], linked: bool
) -> None:
    folder = mount("4m")
    make(folder / "s.db")
    remount_read_only(folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    path = folder / "s.db"
    if linked:
        path = tmp_path / "link.db"
        path.symlink_to(folder / "s.db")
    with Store.open(path, "read") as store:
        assert {run_id_of(0), run_id_of(1)} <= ids_of(store)
        assert same(store.load(run_id_of(1), blobs=True), make_run(1))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    with pytest.raises(StoreError, match=r"may be written|cannot be written"):
        Store.open(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    closed_writer(path)
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with Store.open(path, "read") as store:
            assert len(store.select()) == 2
        with pytest.raises(StoreError):
            Store.open(path)
    finally:
        tmp_path.chmod(0o700)


def fill(store: Store, predictions: Predictions) -> None:
    for number in range(100):
        classes = tuple(map(str, range(predictions.outputs.shape[1])))
        store.save(make_run(number, predictions=predictions, n_test=9, classes=classes))


def test_a_full_disk_names_the_bytes_and_keeps_what_is_there(mount: Mount) -> None:
    folder = mount("1m")
    outputs = np.random.default_rng(0).random((9, 1000))
    big = Predictions(np.arange(9), np.arange(9), outputs)
    with Store.open(folder / "s.db") as store:
        with pytest.raises(StoreError, match=r"disk is full: \d\d,\d\d\d bytes are needed"):
            fill(store, big)
        saved = len(ids_of(store))
        assert 0 < saved < 99
    with Store.open(folder / "s.db", "read") as store:
        assert len(store.select()) == saved
        assert same(store.load(run_id_of(saved - 1), blobs=True).predictions, big)


def test_reading_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    closed_writer(path)
    before = path.read_bytes()
    with Store.open(path, "read") as store:
        store.select()
        with pytest.raises(StoreError, match="cannot be written"):
            store.save(make_run(2))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["s.db"]


def test_network_disks_are_told_by_their_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "1 0 8:1 / / rw - ext4 /dev/a rw\n"
        "2 1 0:9 / /home rw shared:1 - nfs4 host:/home rw\n"
        "3 2 0:8 / /home/me/fast rw - xfs /dev/b rw\n"
        "4 1 0:7 / /my\\040disk rw - cifs //host/d rw\n"
    )
    monkeypatch.setattr(disk, "_MOUNTS", table)
    told = {name: disk.is_network(Path(name)) for name in ("/x", "/home/me/s", "/home/me/fast/s")}
    assert told == {"/x": False, "/home/me/s": True, "/home/me/fast/s": False}
    assert disk.is_network(Path("/my disk/s.db"))
    monkeypatch.setattr(disk, "_MOUNTS", tmp_path / "missing")
    assert not disk.is_network(Path("/home/me/s"))


def test_a_store_on_a_network_disk_has_no_shared_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    closed_writer(path)
    monkeypatch.setattr("overfit_cli.store.connection.is_network", lambda _: True)
    with Store.open(path) as store, contextlib.closing(Store.open(path, "read")) as reader:
        store.save(make_run(2))
        assert not (tmp_path / "s.db-wal").exists()
        assert len(reader.select()) == 3
