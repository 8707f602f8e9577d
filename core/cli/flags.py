"""Flags by the rules of docker's command line (https://pkg.go.dev/github.com/spf13/pflag).

`--name value`, `--name=value`, `-n value`, `-nvalue`, `-itd`; a truth takes a value only after "=". Where
flags and arguments may not be mixed (run, exec), the first argument ends the flags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import Invalid
from ..units import parse_duration, parse_size
from .failure import UsageError

USAGE_STATUS = 125
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")

Value = bool | str | int | list[str]


class Flag:
    """One flag of a command. `kind` decides how a value is read and is what help shows.

    A list collects values as they are; `bytes` become a number of bytes, `duration` nanoseconds, `decimal`
    billionths. `default` is what help says; a flag that is not given has no value.
    """

    __slots__ = ("default", "help", "hidden", "kind", "name", "short")

    def __init__(
        self,
        name: str,
        help: str,
        kind: str = "bool",
        short: str = "",
        default: str = "",
        hidden: bool = False,
    ) -> None:
        self.name = name
        self.help = help
        self.kind = kind
        self.short = short
        self.default = default
        self.hidden = hidden

    @property
    def shown(self) -> str:
        """The flag as messages name it."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


class Options:
    """What was given. Asking for a flag of another kind is a programmer's error."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}

    def given(self, name: str) -> bool:
        return name in self._values

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self._values.get(name, default))

    def text(self, name: str, default: str = "") -> str:
        return str(self._values.get(name, default))

    def number(self, name: str) -> int | None:
        value = self._values.get(name)
        assert value is None or isinstance(value, int)
        return value

    def items(self, name: str) -> list[str]:
        value = self._values.get(name, [])
        assert isinstance(value, list)
        return value

    def set(self, flag: Flag, text: str) -> None:
        """Read a value; raises UsageError."""
        try:
            value = _READERS.get(flag.kind, _text)(text)
        except (ValueError, Invalid) as err:
            raise UsageError(
                f'invalid argument "{text}" for "{flag.shown}" flag: {err}', USAGE_STATUS
            ) from None
        self._values[flag.name] = [*self.items(flag.name), text] if flag.kind in _LISTS else value


_LISTS = frozenset({"list", "map", "filter", "mount", "ulimit", "network", "gpu-request"})


def _text(text: str) -> Value:
    return text


def _truth(text: str) -> Value:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def _number(text: str) -> Value:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _unsigned(text: str) -> Value:
    if not text.isdigit():
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def _bytes(text: str) -> Value:
    return -1 if text == "-1" else parse_size(text)


def _decimal(text: str) -> Value:
    from fractions import Fraction

    try:
        billionths = Fraction(text) * 1_000_000_000
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"failed to parse {text} as a rational number") from None
    if billionths.denominator != 1:
        raise ValueError("value is too precise")
    return int(billionths)


_READERS: dict[str, Callable[[str], Value]] = {
    "bool": _truth,
    "int": _number,
    "uint": _unsigned,
    "uint16": _unsigned,
    "bytes": _bytes,
    "duration": parse_duration,
    "decimal": _decimal,
}

HELP = Flag("help", "Print usage", hidden=True)


def parse(
    flags: Sequence[Flag], arguments: Sequence[str], interspersed: bool = True
) -> tuple[Options, list[str]]:
    """Separate flags from arguments; raises UsageError."""
    by_name = {flag.name: flag for flag in (*flags, HELP)}
    by_short = {flag.short: flag for flag in flags if flag.short}
    options, rest, queue = Options(), list[str](), list(arguments)
    while queue:
        argument = queue.pop(0)
        if argument == "--":
            return options, rest + queue
        if argument.startswith("--"):
            _long(by_name, argument, queue, options)
        elif argument.startswith("-") and argument != "-":
            _short(by_short, argument, queue, options)
        elif interspersed:
            rest.append(argument)
        else:
            return options, [argument, *queue]
    return options, rest


def _long(known: dict[str, Flag], argument: str, queue: list[str], options: Options) -> None:
    name, equals, value = argument[2:].partition("=")
    flag = known.get(name)
    if flag is None:
        raise UsageError(f"unknown flag: --{name}", USAGE_STATUS)
    if equals:
        options.set(flag, value)
    elif flag.kind == "bool":
        options.set(flag, "true")
    elif queue:
        options.set(flag, queue.pop(0))
    else:
        raise UsageError(f"flag needs an argument: --{name}", USAGE_STATUS)


def _short(known: dict[str, Flag], argument: str, queue: list[str], options: Options) -> None:
    letters = argument[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        flag = known.get(letter)
        if flag is None:
            raise UsageError(f"unknown shorthand flag: '{letter}' in {argument}", USAGE_STATUS)
        if letters.startswith("="):
            options.set(flag, letters[1:])
            return
        if flag.kind == "bool":
            options.set(flag, "true")
            continue
        if not letters and not queue:
            raise UsageError(f"flag needs an argument: '{letter}' in {argument}", USAGE_STATUS)
        options.set(flag, letters or queue.pop(0))
        return
