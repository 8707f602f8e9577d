"""Exec: a further process in a running container."""

from __future__ import annotations

from .wire import Wire, always, fresh, names


class ExecConfig(Wire):
    """What to run; the body of POST /containers/{id}/exec."""

    user: str = ""
    privileged: bool = False
    tty: bool = False
    console_size: list[int] | None = None
    attach_stdin: bool = False
    attach_stderr: bool = False
    attach_stdout: bool = False
    detach_keys: str = ""
    env: list[str] | None = None
    working_dir: str = ""
    cmd: list[str] | None = None


class ExecStartRequest(Wire):
    """The body of POST /exec/{id}/start; `console_size` is height, width."""

    detach: bool = always(False)
    tty: bool = always(False)
    console_size: list[int] | None = None


class ExecProcessConfig(Wire, rename=lambda name: name):
    tty: bool = always(False)
    entrypoint: str = always("")
    arguments: list[str] = always([])
    privileged: bool | None = None
    user: str = ""


class ExecInspect(Wire, rename=names(id="ID", container_id="ContainerID")):
    """`exit_code` is null while the process runs or was never started; `pid` is the host's."""

    id: str = always("")
    running: bool = always(False)
    exit_code: int | None = always(None)
    process_config: ExecProcessConfig = fresh(ExecProcessConfig)
    open_stdin: bool = always(False)
    open_stderr: bool = always(False)
    open_stdout: bool = always(False)
    can_remove: bool = always(False)
    container_id: str = always("")
    detach_keys: str = always("")
    pid: int = always(0)
