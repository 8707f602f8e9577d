"""docker-py (the package `docker`) as a client: the main things that programs do with it."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import tarfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.images import busybox_archive
from support.pydockd import pydockd

docker = pytest.importorskip("docker", reason="the package docker is not installed")

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: containers are run"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
BOUND_S = 60


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pydockd(tmp_path_factory.mktemp("docker-py")) as daemon:
        found = docker.DockerClient(base_url=daemon.host, timeout=BOUND_S)
        found.images.load(busybox_archive())
        try:
            yield found
        finally:
            for container in found.containers.list(all=True):
                with contextlib.suppress(docker.errors.APIError):
                    container.remove(force=True, v=True)
            found.networks.prune()
            found.close()
            with warnings.catch_warnings():
                # docker-py leaves sockets of attach and exec to the garbage collector.
                warnings.simplefilter("ignore", ResourceWarning)
                gc.collect()


def test_versions_are_negotiated(client: Any) -> None:
    assert client.ping()
    assert client.api.api_version == client.version()["ApiVersion"] or client.api.api_version < "1.51"
    assert client.info()["OSType"] == "linux"


def test_run_returns_the_output_and_raises_for_a_failure(client: Any) -> None:
    assert client.containers.run("busybox", ["echo", "hello"], remove=True) == b"hello\n"
    with pytest.raises(docker.errors.ContainerError) as caught:
        client.containers.run("busybox", ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
    assert (caught.value.exit_status, caught.value.stderr) == (3, b"bad\n")


def test_errors_have_their_classes(client: Any) -> None:
    with pytest.raises(docker.errors.NotFound):
        client.containers.get("nosuch")
    with pytest.raises(docker.errors.ImageNotFound):
        client.images.get("nosuch:latest")
    with pytest.raises(docker.errors.APIError, match="executable file not found"):
        client.containers.run("busybox", ["nosuchprogram"])


def test_a_container_s_life(client: Any) -> None:
    container = client.containers.run("busybox", ["sleep", "60"], name="life", labels={"k": "v"}, detach=True)
    container.reload()
    assert (container.status, container.labels) == ("running", {"k": "v"})
    assert [c.name for c in client.containers.list(filters={"label": "k=v"})] == ["life"]
    container.pause()
    container.reload()
    assert container.status == "paused"
    container.unpause()
    container.rename("other")
    assert client.containers.get("other").id == container.id
    assert container.top()["Titles"]
    assert container.stats(stream=False)["pids_stats"]["current"] >= 1
    container.update(mem_limit="64m", memswap_limit="64m")
    container.reload()
    assert container.attrs["HostConfig"]["Memory"] == 64 << 20
    container.kill()
    assert container.wait(timeout=BOUND_S)["StatusCode"] == 137
    container.restart(timeout=1)
    container.stop(timeout=1)
    container.remove()
    with pytest.raises(docker.errors.NotFound):
        container.reload()


def test_logs_are_followed_to_the_end(client: Any) -> None:
    script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done"
    container = client.containers.run("busybox", ["sh", "-c", script], detach=True)
    assert b"".join(container.logs(stream=True, follow=True, stderr=False)) == b"out 1\nout 2\nout 3\n"
    assert container.logs(stdout=False, tail=1) == b"err 3\n"
    container.remove(force=True)


def test_exec_with_a_demultiplexed_stream_and_a_terminal(client: Any) -> None:
    container = client.containers.run("busybox", ["sleep", "60"], detach=True)
    code, (out, err) = container.exec_run(["sh", "-c", "echo o; echo e >&2; exit 4"], demux=True)
    assert (code, out, err) == (4, b"o\n", b"e\n")
    assert container.exec_run("tty", tty=True).output == b"/dev/pts/0\r\n"
    assert container.exec_run("env", environment={"A": "b"}, user="1000").output.count(b"A=b") == 1
    container.remove(force=True)


def test_an_exec_s_start_says_whether_its_stream_has_frames(client: Any) -> None:
    container = client.containers.run("busybox", ["sleep", "60"], detach=True)
    made = client.api.exec_create(container.id, ["printf", "raw"], tty=True)
    assert client.api.exec_start(made["Id"], tty=True) == b"raw"
    made = client.api.exec_create(container.id, ["printf", "framed"], tty=True)
    sock = client.api.exec_start(made["Id"], socket=True)
    assert sock._sock.recv(64) == b"\x01\0\0\0\0\0\0\x06framed"
    sock.close()
    container.remove(force=True)


def test_detach_keys_leave_an_exec_and_it_goes_on(client: Any) -> None:
    container = client.containers.run("busybox", ["sleep", "60"], detach=True)
    made = client.api.exec_create(container.id, "cat", stdin=True, tty=True)
    sock = client.api.exec_start(made["Id"], tty=True, socket=True)
    raw = sock._sock
    raw.settimeout(BOUND_S)
    raw.sendall(b"line\n")
    seen = b""
    while seen.count(b"line") < 2:
        seen += raw.recv(64)
    raw.sendall(b"\x10\x11")
    while raw.recv(64):
        pass
    assert client.api.exec_inspect(made["Id"])["Running"]
    sock.close()
    container.remove(force=True)


def test_attach_takes_stdin_and_half_closes(client: Any) -> None:
    container = client.containers.create("busybox", ["cat"], stdin_open=True)
    sock = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    container.start()
    raw = sock._sock
    raw.sendall(b"through the container\n")
    raw.shutdown(1)
    data = b""
    raw.settimeout(BOUND_S)
    while chunk := raw.recv(4096):
        data += chunk
    assert data[8:] == b"through the container\n"
    assert container.wait(timeout=BOUND_S)["StatusCode"] == 0
    sock.close()
    container.remove()


def test_files_go_in_and_come_out(client: Any) -> None:
    container = client.containers.run("busybox", ["sleep", "60"], detach=True)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"data"))
    assert container.put_archive("/tmp", archive.getvalue())
    assert container.exec_run("cat /tmp/file").output == b"data"
    chunks, stat = container.get_archive("/tmp/file")
    assert (stat["name"], stat["size"]) == ("file", 4)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        member = tar.extractfile("file")
        assert member is not None
        assert member.read() == b"data"
    assert {"Path": "/tmp/file", "Kind": 1} in container.diff()
    container.remove(force=True)


def test_networks_and_volumes(client: Any) -> None:
    network = client.networks.create("apinet", labels={"a": "b"})
    volume = client.volumes.create("apivol")
    server = client.containers.run(
        "busybox", ["sleep", "60"], detach=True, network="apinet", name="server",
        volumes={"apivol": {"bind": "/data", "mode": "rw"}},
    )  # fmt: skip
    server.exec_run(["sh", "-c", "echo kept > /data/file"])
    told = client.containers.run(
        "busybox", ["sh", "-c", "cat /data/file; ping -c1 -W5 server >/dev/null && echo reached"],
        network="apinet", volumes=["apivol:/data:ro"], remove=True,
    )  # fmt: skip
    assert told == b"kept\nreached\n"
    network.reload()
    assert [c.name for c in network.containers] == ["server"]
    network.disconnect(server)
    server.remove(force=True)
    volume.remove()
    network.remove()


def test_images_are_tagged_saved_committed_and_removed(client: Any) -> None:
    image = client.images.get("busybox")
    assert image.tag("apitag", "one")
    assert "apitag:one" in client.images.get("apitag:one").tags
    assert b"".join(image.save())
    container = client.containers.create("busybox", ["true"])
    made = container.commit("apicommit", tag="x", changes='CMD ["echo", "made"]')
    assert client.containers.run("apicommit:x", remove=True) == b"made\n"
    container.remove()
    client.images.remove(made.id, force=True)
    client.images.remove("apitag:one")
    assert image.history()


def test_events_tell_while_they_happen(client: Any) -> None:
    stream = client.events(decode=True, filters={"type": "container", "event": ["create", "destroy"]})
    seen: list[str] = []

    def read() -> None:
        for event in stream:
            seen.append(event["Action"])
            if len(seen) == 2:
                return

    reader = threading.Thread(target=read)
    reader.start()
    client.containers.create("busybox", ["true"], name="told").remove()
    reader.join(BOUND_S)
    stream.close()
    assert seen == ["create", "destroy"]


def test_a_published_port_is_shown(client: Any, tmp_path: Path) -> None:
    container = client.containers.run("busybox", ["sleep", "60"], detach=True, ports={"80/tcp": None})
    container.reload()
    assert int(container.ports["80/tcp"][0]["HostPort"]) > 1024
    container.remove(force=True)
