"""Spoiling valid input: byte by byte, value by value, and word by word.

All take their chances from a `random.Random`, so that a seed names a run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgpack

Tree = Any
"""What msgpack or JSON can hold."""

NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**64 - 1, -(2**63), 0.0, -0.0, 1e-320, 1e300,
    -1e308, math.nan, math.inf, -math.inf,
)  # fmt: skip
WORDS = (
    "nan", "inf", "-inf", "1e999", "-1", "0", "9" * 4301, "0x" + "f" * 4301, "''", '""', "\0", "é",
    "[" * 1500, "{" * 1500, "<", ">", "&", "&lol;", "<!DOCTYPE a []>", "\n", "\t", "=", ".", ",",
    "true", "null", "1979-05-27", "tcp://*:1", "ipc://x", "../../etc/passwd", "\\u0000", "]", "}",
)  # fmt: skip
MOST_BYTES = 100_000


def spoilt_bytes(random: Random, data: bytes) -> bytes:
    """Return bytes with a few places flipped, overwritten, cut, doubled, moved or inserted."""
    spoilt = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        at = random.randrange(len(spoilt) + 1)
        end = min(len(spoilt), at + random.choice((1, 1, 2, 4, 8, 40)))
        match random.randrange(6):
            case 0:
                spoilt[at:end] = random.randbytes(end - at)
            case 1:
                del spoilt[at:end]
            case 2:
                spoilt[at:at] = spoilt[at:end] * random.choice((1, 2, 30))
            case 3:
                spoilt[at:end] = random.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * (end - at)
            case 4:
                del spoilt[at:]
            case _:
                spoilt[at:at] = random.randbytes(random.choice((1, 4, 60)))
    return bytes(spoilt[:MOST_BYTES])


def strange_value(random: Random, depth: int = 0) -> Tree:
    """Return a value that is rarely the right one."""
    kinds: tuple[Callable[[], Tree], ...] = (
        lambda: random.choice(NUMBERS),
        lambda: random.choice((None, True, False, "", [], {}, [[]], [None])),
        lambda: random.choice(WORDS),
        lambda: "x" * random.choice((1, 300, 300 if depth else 70_000)),
        lambda: [strange_value(random, depth + 1)] * random.choice((1, 3, 600)),
        lambda: {str(k): strange_value(random, depth + 1) for k in range(random.choice((1, 9)))},
        lambda: nested(random.choice((10, 500, 1100))),
    )
    return random.choice(kinds[: 4 if depth else None])()


def nested(depth: int) -> Tree:
    """Return a list in a list in a list."""
    tree: Tree = []
    for _ in range(depth):
        tree = [tree]
    return tree


def spoilt_tree(random: Random, tree: Tree) -> Tree:
    """Return data in which one value, anywhere in it, is replaced, removed, doubled or moved."""
    if not isinstance(tree, (dict, list)) or not tree or random.random() < 0.1:
        return strange_value(random)
    keys: Sequence[Any] = list(tree) if isinstance(tree, dict) else range(len(tree))
    key = random.choice(keys)
    spoilt = tree.copy()
    match random.randrange(8):
        case 0:
            del spoilt[key]
        case 1:
            spoilt[key] = strange_value(random)
        case 2 if isinstance(spoilt, dict):
            spoilt[random.choice(("a", "", "v", "x" * 300))] = strange_value(random)
        case 2 if isinstance(spoilt, list):
            spoilt *= random.choice((0, 2, 700))
        case 3:
            spoilt[key] = tree[random.choice(keys)]
        case _:
            spoilt[key] = spoilt_tree(random, tree[key])
    return spoilt


def spoilt_text(random: Random, text: str) -> str:
    """Return a text in which words or lines are replaced, removed, doubled or moved."""
    split = re.compile(r"(\n)" if random.random() < 0.2 else r"([\s=,<>\[\]{}\"']+)").split
    words = split(text)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(words))
        match random.randrange(5):
            case 0:
                words[at] = random.choice(WORDS)
            case 1:
                words[at] = ""
            case 2:
                words[at] = words[random.randrange(len(words))]
            case 3:
                words[at] += words[at]
            case _:
                words[at] = str(random.choice(NUMBERS))
    return "".join(words)[:MOST_BYTES]


def spoilt_msgpack(random: Random, frame: bytes) -> bytes:
    """Return a frame, with or without a topic, whose msgpack map is spoilt, still being msgpack."""
    topic, space, body = frame.partition(b" ") if frame[:1].islower() else (b"", b"", frame)
    tree = spoilt_tree(random, msgpack.unpackb(body))
    if random.random() < 0.05:
        return topic + space + bomb(random)
    try:
        packed: bytes = msgpack.packb(tree)
    except ValueError:  # deeper than the packer goes
        packed = b"\x91" * 1100
    if random.random() < 0.05:
        packed = packed.replace(b"\xa1", b"\xc4", 1)  # bytes in place of a text
    return topic + space + packed


def bomb(random: Random) -> bytes:
    """Return a few bytes of msgpack that claim to hold far more."""
    kind = random.choice(
        (b"\xdc\xff\xff", b"\xdd\x00\x0f\xff\xff", b"\xde\xff\xff\xa0", b"\xc7\xff")
    )
    return kind * random.choice((1, 900, 1100))
