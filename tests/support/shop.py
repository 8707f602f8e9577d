"""A small shop to look at: images whose programs are shell loops that log as web servers and workers do."""

from __future__ import annotations

from dataclasses import dataclass

from .images import PATH, busybox_layer, docker_archive, layer

_WEB = r"""#!/bin/sh
# Access lines as a web server writes them, now and then a slow or a failed one.
i=0
while :; do
  i=$((i + 1))
  case $((i % 7)) in
    0) set -- 500 POST /checkout 31 ;; 1|4) set -- 200 GET /items/$((40 + i % 60)) 32 ;;
    2) set -- 304 GET /style.css 36 ;; 3) set -- 201 POST /cart 32 ;;
    5) set -- 404 GET /favicon.ico 33 ;; *) set -- 200 GET / 32 ;;
  esac
  printf '10.0.3.%d "%s %s" \033[%sm%s\033[0m %dms\n' $((i * 7 % 250)) $2 "$3" $4 $1 $((i * 37 % 180))
  [ $1 = 500 ] && echo 'error: upstream api timed out after 3s' >&2
  sleep ${EVERY:-0.3}
done
"""
_API = r"""#!/bin/sh
i=0
while :; do
  i=$((i + 1)); level=info
  [ $((i % 9)) = 0 ] && level=warn
  [ $((i % 23)) = 0 ] && level=error
  echo "level=$level msg=\"order priced\" order=$((81200 + i)) items=$((i % 5 + 1)) took=$((i * 13 % 90))ms"
  sleep ${EVERY:-0.4}
done
"""
_DB = r"""#!/bin/sh
i=0
echo 'LOG:  database system is ready to accept connections'
while :; do
  i=$((i + 1))
  ms=$((i * 29 % 40)).$((i * 7 % 10))
  if [ $((i % 5)) = 0 ]; then echo "LOG:  checkpoint complete: wrote $((i * 3 % 90)) buffers"
  else echo "LOG:  duration: $ms ms  SELECT * FROM orders WHERE id = $((81200 + i))"
  fi
  sleep ${EVERY:-0.5}
done
"""
_WORKER = r"""#!/bin/sh
i=0
while :; do
  i=$((i + 1))
  echo "{\"level\":\"info\",\"msg\":\"mail sent\",\"order\":$((81200 + i)),\"queue\":$((i * 11 % 30))}"
  head -c 20000000 /dev/urandom | md5sum > /dev/null
  sleep ${EVERY:-0.4}
done
"""
_MIGRATE = r"""#!/bin/sh
echo 'applying 0042_add_vouchers'
echo 'error: relation "vouchers" already exists' >&2
exit 3
"""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of the shop: its name, its program and the ports that it exposes."""

    name: str
    program: str
    text: str
    ports: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()

    def archive(self) -> bytes:
        """A `docker save` archive of it."""
        program = f"usr/local/bin/{self.program}"
        config = {
            "Cmd": [self.program],
            "Env": [PATH, *self.environment],
            "ExposedPorts": {port: {} for port in self.ports},
            "StopSignal": "SIGKILL",
        }
        made_by = [
            "COPY rootfs / # buildkit",
            f"COPY {self.program} /usr/local/bin/ # buildkit",
        ]
        layers = [busybox_layer(), layer({program: self.text.encode()}, 0o755)]
        return docker_archive(layers, [self.name], config, made_by=made_by)


WEB = Image("shop/web:1.4", "web", _WEB, ("80/tcp", "443/tcp"), ("SESSION_SECRET=k3yb0ard",))
API = Image("shop/api:2.1", "api", _API, ("8000/tcp",), ("DATABASE_PASSWORD=hunter2", "LOG_LEVEL=info"))
DB = Image("shop/db:16", "db", _DB, ("5432/tcp",), ("PGDATA=/var/lib/db",))
WORKER = Image("shop/worker:0.9", "worker", _WORKER)
MIGRATE = Image("shop/migrate:42", "migrate", _MIGRATE)
IMAGES = (WEB, API, DB, WORKER, MIGRATE)
