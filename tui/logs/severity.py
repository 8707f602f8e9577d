"""How bad a log line is: its JSON level, logfmt level, klog letter, or a level's name in its text."""

from __future__ import annotations

import re
from enum import IntEnum


class Level(IntEnum):
    """Severities in order; NONE is a line that says nothing about it."""

    NONE = 0
    TRACE = 1
    DEBUG = 2
    INFO = 3
    WARN = 4
    ERROR = 5
    FATAL = 6


_NAMES = {
    b"trace": Level.TRACE,
    b"trc": Level.TRACE,
    b"debug": Level.DEBUG,
    b"dbg": Level.DEBUG,
    b"debu": Level.DEBUG,
    b"info": Level.INFO,
    b"inf": Level.INFO,
    b"information": Level.INFO,
    b"notice": Level.INFO,
    b"warn": Level.WARN,
    b"warning": Level.WARN,
    b"wrn": Level.WARN,
    b"error": Level.ERROR,
    b"err": Level.ERROR,
    b"erro": Level.ERROR,
    b"eror": Level.ERROR,
    b"fatal": Level.FATAL,
    b"ftl": Level.FATAL,
    b"fata": Level.FATAL,
    b"crit": Level.FATAL,
    b"critical": Level.FATAL,
    b"panic": Level.FATAL,
    b"emerg": Level.FATAL,
    b"emergency": Level.FATAL,
    b"alert": Level.FATAL,
}
_KLOG = {b"I": Level.INFO, b"W": Level.WARN, b"E": Level.ERROR, b"F": Level.FATAL}

# Structured fields name the level wherever they stand; bunyan's and pino's numbers go by tens.
_FIELD = re.compile(
    rb"""["']?\b(?:level|lvl|severity|loglevel|log\.level|levelname)["']?\s?[=:]\s?["']?([a-z]+|[1-6]0\b)""",
    re.IGNORECASE,
)
_KLOG_HEAD = re.compile(rb"([IWEF])\d{4} \d\d:\d\d:\d\d")
# In free text only a name in capitals, in brackets or before a colon counts: "no errors found" is no error.
_WORD = re.compile(
    rb"\b(TRACE|TRC|DEBUG|DBG|DEBU|INFO|INF|NOTICE|WARN|WARNING|WRN|ERROR|ERR|ERRO|FATAL|FTL|FATA|CRIT|CRITICAL"
    rb"|PANIC|EMERG|ALERT)\b"
    rb"|[\[<(](trace|debug|info|notice|warn|warning|error|err|fatal|crit|critical|alert|emerg|panic)[\])>]"
    rb"|(?:^|[\s:])([Tt]race|[Dd]ebug|[Ii]nfo|[Ww]arn|[Ww]arning|[Ee]rror|[Ff]atal|[Pp]anic|[Cc]ritical): "
    rb"|^(Traceback) \(most recent"
    rb"|(?:^|[\s.])[A-Z]\w*(Error|Exception)\b: "
)
_HEAD = 512


def level_of(text: bytes) -> Level:
    """Return the level of a line without escape sequences; only its head is read."""
    head = text[:_HEAD]
    if (field := _FIELD.search(head)) is not None:
        value = field[1].lower()
        if value.isdigit():
            return Level(int(value) // 10)
        if value in _NAMES:
            return _NAMES[value]
    if (klog := _KLOG_HEAD.match(head)) is not None:
        return _KLOG[klog[1]]
    word = _WORD.search(head)
    if word is None:
        return Level.NONE
    return _NAMES.get(word[word.lastindex or 0].lower(), Level.ERROR)
