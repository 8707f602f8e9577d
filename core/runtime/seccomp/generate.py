"""Write `syscalls.txt` from the kernel headers of a development machine; not imported by anything.

    python -m pydock.core.runtime.seccomp.generate > core/runtime/seccomp/syscalls.txt

Needs gcc and linux-libc-dev for x86. Calls that are newer than the headers have one number everywhere.
"""

from __future__ import annotations

import re
import subprocess

_X86 = "/usr/include/x86_64-linux-gnu/asm/unistd_{}.h"
_X32_BIT = 0x40000000
_GENERIC = (
    "#define __BITS_PER_LONG 64\n"
    + "".join(
        f"#define __ARCH_WANT_{name}\n"
        for name in ("RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "SYS_CLONE3", "MEMFD_SECRET")
    )
    + '#include "/usr/include/asm-generic/unistd.h"\n'
)
#: Linux 6.5 to 6.17.
_NEWER = (
    "cachestat fchmodat2 map_shadow_stack futex_wake futex_wait futex_requeue statmount listmount "
    "lsm_get_self_attr lsm_set_self_attr lsm_list_modules mseal setxattrat getxattrat listxattrat "
    "removexattrat open_tree_attr file_getattr file_setattr"
).split()
_FIRST_NEWER = 451


def _macros(source: str) -> dict[str, str]:
    command = ["gcc", "-E", "-dM", "-x", "c", "-"]
    text = subprocess.run(command, input=source, text=True, capture_output=True, check=True).stdout
    return dict(re.findall(r"^#define (__NR\w+) (.+)$", text, re.MULTILINE))


def _numbers(source: str) -> dict[str, int]:
    macros = _macros(source)
    result = {}
    for name, value in macros.items():
        while value in macros:
            value = macros[value]
        value = value.replace("__X32_SYSCALL_BIT", str(_X32_BIT)).strip("()")
        if name.startswith("__NR_") and re.fullmatch(r"[\d+ ]+", value):
            result[name.removeprefix("__NR_")] = sum(map(int, value.split("+")))
    for dropped in ("syscalls", "arch_specific_syscall"):
        result.pop(dropped, None)
    return result | {name: _FIRST_NEWER + n for n, name in enumerate(_NEWER)}


def main() -> None:
    tables = [_numbers(f'#include "{_X86.format(abi)}"\n') for abi in ("64", "32", "x32")]
    tables[2] = {name: number & ~_X32_BIT for name, number in tables[2].items()}
    tables.append(_numbers(_GENERIC))
    print("# System call numbers: name x86_64 x86 x32 (without its bit) aarch64; made by generate.py.")
    for name in sorted(set().union(*tables)):
        print(name, *(table.get(name, "-") for table in tables))


if __name__ == "__main__":
    main()
