"""An engine to be killed: starts the containers that a file names, all at once, and waits for ever.

python engine.py ROOT RUN REQUESTS
"""

from __future__ import annotations

import asyncio
import marshal
import sys
from pathlib import Path

from pydock.core.config import Paths
from pydock.core.runtime import wire
from pydock.core.runtime.client import Runtime


async def main() -> None:
    paths = Paths(Path(sys.argv[1]), Path(sys.argv[2]))
    requests = marshal.loads(Path(sys.argv[3]).read_bytes())
    async with Runtime(paths) as runtime:
        runtime.warm()
        print("begun", flush=True)
        async with asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(runtime.start(wire.decode(request)))
        print("started", flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
