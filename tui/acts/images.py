"""What can be done to images and their layers."""

from __future__ import annotations

from .action import Action

REMOVALS = (
    Action(
        id="image.remove.plain",
        label="remove",
        scope="menu",
        help="its name, and the image when no other name and no container has it",
        run=lambda client, target: client.images.remove(target.name),
        done="removed",
        docker="docker rmi {name}",
        needs_engine=True,
    ),
    Action(
        id="image.remove.force",
        label="remove with force",
        scope="menu",
        help="all its names, also when stopped containers use it",
        run=lambda client, target: client.images.remove(target.id, force=True),
        done="removed",
        docker="docker rmi -f {name}",
        needs_engine=True,
    ),
)

COPIES = tuple(
    Action(id=f"image.copy.{what}", label=label, scope="menu")
    for what, label in (("id", "copy id"), ("name", "copy name"))
)

ACTIONS = (
    Action(
        "image.run",
        "run",
        ("R", "enter"),
        "image",
        "start a container from it",
        1,
        docker="docker run {name}",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "image.load",
        "load",
        ("L",),
        "image",
        "load an archive: docker save, OCI layout",
        2,
        docker="docker load -i FILE",
        needs_engine=True,
        takes_keys=True,
        lone=True,
    ),
    Action(
        "image.save",
        "save",
        ("S",),
        "image",
        "write it to an archive",
        docker="docker save -o FILE {name}",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "image.tag",
        "tag",
        ("t",),
        "image",
        "give it a further name",
        4,
        docker="docker tag {name} NEW",
        needs_engine=True,
        takes_keys=True,
    ),
    Action(
        "image.remove",
        "remove",
        ("d", "D"),
        "image",
        "choose how to remove; never acts at once",
        3,
        menu=tuple(action.id for action in REMOVALS),
        needs_engine=True,
    ),
    Action(
        "image.inspect",
        "inspect",
        ("i",),
        "image",
        "show the whole record",
        5,
        docker="docker image inspect {name}",
    ),
    Action("image.copy", "copy", ("y",), "image", "copy id or name", menu=tuple(a.id for a in COPIES)),
    Action(
        "layer.inspect",
        "show",
        ("i", "enter"),
        "layer",
        "show the whole instruction",
        1,
        docker="docker history",
    ),
    Action("layer.copy", "copy", ("y",), "layer", "copy the instruction", 2),
    *REMOVALS,
    *COPIES,
)
