"""Workers: short-lived processes for foreign bytes and trees, forked by the spawner.

`main` runs one function, named "package.module:function", as

    function(args: dict, descriptors: list[int], report: Callable[[object], None]) -> dict

inside `confine`: a mount namespace of its own whose whole root is what was given: a directory, an overlay, a
stopped container's root with its volumes, or a copy of what a running container sees. Few capabilities, no
descriptor but those given. What is given and returned is what marshal can write. The module is imported
before the walls go up and nothing can be imported after (CVE-2019-14271): a function's module imports at its
top all that the function needs. It dies at once when its caller goes away.
"""
