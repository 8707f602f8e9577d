"""A user's credentials for registries: `~/.docker/config.json` and credential helpers, as docker keeps them.

https://docs.docker.com/reference/cli/docker/login/ and
https://github.com/docker/docker-credential-helpers#development (the helpers' protocol).

Invariant: what is found for a registry was stored for that registry. A helper that fails is an error, never a
reason to take another registry's entry (CVE-2021-41092).
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from ..errors import Internal, Invalid, NotFound
from ..files import atomic_write
from ..registry.names import credential_key, domain_of
from ..schema.auth import AuthConfig, split_auth

_NOT_FOUND = "credentials not found in native keychain"
_TOKEN_USER = "<token>"
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_HELPER_SECONDS = 60


def config_path() -> Path:
    """Return the file's place: below `DOCKER_CONFIG`, or `~/.docker`."""
    directory = os.environ.get("DOCKER_CONFIG")
    return (Path(directory) if directory else Path.home() / ".docker") / "config.json"


class Credentials:
    """The credentials of one user. Its methods block: helpers are programs, which may ask the user."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or config_path()

    def find(self, domain: str) -> AuthConfig:
        """Return what is stored for a registry, an empty record for nothing; raises Invalid, Internal."""
        config = self._read()
        key = credential_key(domain)
        helper = self._helper(config, domain)
        if helper:
            return self._from_helper(helper, key)
        auths = config.get("auths")
        entries = auths if isinstance(auths, dict) else {}
        found = entries.get(key)
        if found is None:
            same = [entry for name, entry in entries.items() if domain_of(str(name)) == domain_of(domain)]
            found = same[0] if same else None
        if not isinstance(found, dict):
            return AuthConfig()
        return self._entry(found, key)

    def _entry(self, entry: dict[str, Any], key: str) -> AuthConfig:
        try:
            found = split_auth(msgspec.convert(entry, AuthConfig))
        except (msgspec.ValidationError, Invalid) as err:
            raise Invalid(f"invalid entry for {key} in {self._path}: {err}") from err
        return msgspec.structs.replace(found, serveraddress=key)

    def store(self, domain: str, auth: AuthConfig) -> Path | None:
        """Keep credentials; returns the file that they are readable in, None when a helper has them."""
        config, key = self._read(), credential_key(domain)
        helper = self._helper(config, domain)
        if helper:
            user = _TOKEN_USER if auth.identitytoken else auth.username
            secret = auth.identitytoken or auth.password
            record = {"ServerURL": key, "Username": user, "Secret": secret}
            _run(helper, "store", json.dumps(record))
            config.setdefault("auths", {})[key] = {}
            self._write(config)
            return None
        joined = base64.b64encode(f"{auth.username}:{auth.password}".encode()).decode()
        entry = {"auth": joined}
        if auth.identitytoken:
            joined = base64.b64encode(f"{auth.username}:".encode()).decode()
            entry = {"auth": joined, "identitytoken": auth.identitytoken}
        config.setdefault("auths", {})[key] = entry
        self._write(config)
        return self._path

    def erase(self, domain: str) -> bool:
        """Forget a registry's credentials; returns whether there were any."""
        config, key = self._read(), credential_key(domain)
        auths = config.get("auths", {})
        names = [name for name in auths if domain_of(name) == domain_of(domain)]
        for name in names:
            del auths[name]
        helper = self._helper(config, domain)
        if helper:
            _run(helper, "erase", key)
        if names:
            self._write(config)
        return bool(names)

    def _helper(self, config: dict[str, Any], domain: str) -> str:
        helpers = config.get("credHelpers")
        by_domain = {domain_of(name): str(value) for name, value in (helpers or {}).items()}
        helper = by_domain.get(domain_of(domain)) or str(config.get("credsStore") or "")
        if helper and not _HELPER.fullmatch(helper):
            raise Invalid(f"invalid credential helper in {self._path}: {helper[:100]!r}")
        return helper

    def _from_helper(self, helper: str, key: str) -> AuthConfig:
        try:
            found = json.loads(_run(helper, "get", key))
            user, secret = str(found.get("Username", "")), str(found.get("Secret", ""))
        except NotFound:
            return AuthConfig()
        except (ValueError, AttributeError) as err:
            raise Internal(f"credential helper {helper} answered what is no JSON object") from err
        if user == _TOKEN_USER:
            return AuthConfig(identitytoken=secret, serveraddress=key)
        return AuthConfig(username=user, password=secret, serveraddress=key)

    def _read(self) -> dict[str, Any]:
        try:
            config = json.loads(self._path.read_bytes() or b"{}")
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as err:
            raise Invalid(f"cannot read {self._path}: {err}") from err
        if not isinstance(config, dict) or not isinstance(config.get("auths", {}), dict):
            raise Invalid(f"cannot read {self._path}: it must be a JSON object")
        return config

    def _write(self, config: dict[str, Any]) -> None:
        try:
            # Where a link leads is replaced, not the link.
            path = self._path.resolve()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            atomic_write(path, json.dumps(config, indent="\t").encode())
        except OSError as err:
            raise Internal(f"cannot write {self._path}: {err.strerror}") from err


def _run(helper: str, action: str, text: str) -> bytes:
    """Run a helper with `text` on its stdin; raises NotFound, Internal."""
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [program, action], input=text.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except FileNotFoundError:
        raise Internal(f"credential helper {program} is not installed: config.json names it") from None
    except (OSError, subprocess.TimeoutExpired) as err:
        raise Internal(f"credential helper {program}: {err}") from err
    if done.returncode == 0:
        return done.stdout
    said = (done.stdout or done.stderr).decode("utf-8", "replace").strip()
    if said == _NOT_FOUND:
        raise NotFound(said)
    raise Internal(f"credential helper {program}: {said[:300] or f'exit code {done.returncode}'}")
