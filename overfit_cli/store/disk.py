"""Where a store lies: on a disk of this machine, or on one shared over a network."""

from __future__ import annotations

from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.sshfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
    "virtiofs",
    "vboxsf",
}


def is_network(path: Path) -> bool:
    """Tell whether `path` lies on a network disk; False where the system does not say (not Linux).

    A write-ahead log needs memory that all processes share, which two hosts do not.
    """
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    best, kind = -1, ""
    for line in lines:
        left, _, right = line.partition(" - ")
        folder = Path(_unescape(left.split()[4]))
        # The last of equally long mounts hides those before it.
        if len(folder.parts) >= best and path.is_relative_to(folder):
            best, kind = len(folder.parts), right.split()[0]
    return kind in _NETWORK


def _unescape(text: str) -> str:
    """Undo the kernel's octal escapes of blanks, line ends and backslashes."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
