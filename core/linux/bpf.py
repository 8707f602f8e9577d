"""Device filters on cgroup v2: bpf(2) with BPF_PROG_TYPE_CGROUP_DEVICE."""

from __future__ import annotations

import ctypes
import os

from .libc import number, syscall

_PROG_LOAD, _PROG_ATTACH = 5, 8
_PROG_TYPE_CGROUP_DEVICE, _CGROUP_DEVICE = 15, 6
_F_ALLOW_MULTI = 2


class _LoadAttr(ctypes.Structure):
    _fields_ = [
        ("prog_type", ctypes.c_uint32),
        ("insn_cnt", ctypes.c_uint32),
        ("insns", ctypes.c_uint64),
        ("license", ctypes.c_uint64),
        ("log_level", ctypes.c_uint32),
        ("log_size", ctypes.c_uint32),
        ("log_buf", ctypes.c_uint64),
        ("kern_version", ctypes.c_uint32),
        ("prog_flags", ctypes.c_uint32),
    ]


class _AttachAttr(ctypes.Structure):
    _fields_ = [
        ("target_fd", ctypes.c_uint32),
        ("attach_bpf_fd", ctypes.c_uint32),
        ("attach_type", ctypes.c_uint32),
        ("attach_flags", ctypes.c_uint32),
        ("replace_bpf_fd", ctypes.c_uint32),
    ]


def load_device_program(program: bytes) -> int:
    """Load an eBPF program (8 bytes an instruction); the descriptor is close-on-exec."""
    code = ctypes.create_string_buffer(program, len(program))
    license_ = ctypes.create_string_buffer(b"GPL")
    attr = _LoadAttr(
        _PROG_TYPE_CGROUP_DEVICE,
        len(program) // 8,
        ctypes.addressof(code),
        ctypes.addressof(license_),
    )
    return syscall(number("bpf"), _PROG_LOAD, attr, ctypes.sizeof(attr), name="bpf")


def attach_device_program(cgroup: str, program_fd: int) -> None:
    """Attach a loaded program to a cgroup directory, beside those that are there: all must allow."""
    directory = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        attr = _AttachAttr(directory, program_fd, _CGROUP_DEVICE, _F_ALLOW_MULTI, 0)
        syscall(number("bpf"), _PROG_ATTACH, attr, ctypes.sizeof(attr), name=cgroup)
    finally:
        os.close(directory)
