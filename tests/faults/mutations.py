"""Ways to damage a file: at random, but the same for the same seed."""

import io
import json
import random
import sqlite3
import zipfile
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

Damage = Callable[[random.Random, bytes], bytes]

ODD = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**64), 10**400, 1e308, -1e-320, 0.5, "", " ", "a", "\0", "é\u202e",
    "=cmd()", "../../etc/passwd", "file:///etc/passwd", "os:system", "x" * 5000, [], {}, [[]], [None], {"": None},
    [1, "a"], float("nan"), float("inf"), "1e999", "nan", "a,b", "a+b", "1-2-3", "\ud800",
)  # fmt: skip


def _odd(drawn: random.Random) -> Any:
    """One of them, to be changed as one likes."""
    return deepcopy(drawn.choice(ODD))


def of_bytes(drawn: random.Random, content: bytes) -> bytes:
    """A few bytes set, flipped, cut out, doubled, moved or put in; or the file cut off."""
    damaged = bytearray(content)
    for _ in range(drawn.choice((1, 1, 2, 4, 16))):
        size = len(damaged)
        if not size:
            return drawn.randbytes(drawn.randrange(64))
        # What a parser trusts most is at either end.
        ends = drawn.randrange(min(size, 64)), size - 1 - drawn.randrange(min(size, 96))
        place = drawn.choice((drawn.randrange(size), *ends))
        length = min(drawn.choice((1, 2, 4, 8, 64, 1024)), size - place)
        match drawn.randrange(9):
            case 0:
                damaged[place] = drawn.randrange(256)
            case 1:
                damaged[place] ^= 1 << drawn.randrange(8)
            case 2:
                del damaged[place : place + length]
            case 3:
                damaged[place:place] = damaged[place : place + length] * drawn.choice((1, 2, 50))
            case 4:
                damaged[place : place + length] = drawn.choice((b"\0", b"\xff", b"A", b"9", b"[", b'"')) * length
            case 5:
                del damaged[place:]
            case 6:
                damaged[place : place + 4] = drawn.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1)).to_bytes(4, "little")
            case 7:
                damaged[place:place] = drawn.randbytes(length)
            case 8:
                other = drawn.randrange(size)
                damaged[place : place + length] = damaged[other : other + length]
    return bytes(damaged)


def of_text(drawn: random.Random, content: bytes) -> bytes:
    """Cells, lines or words exchanged for odd ones; or bytes damaged."""
    if drawn.random() < 0.4:
        return of_bytes(drawn, content)
    text = content.decode("utf-8", "replace")
    lines = text.split("\n")
    for _ in range(drawn.choice((1, 1, 2, 8))):
        row = drawn.randrange(len(lines))
        cells = lines[row].split(",")
        place = drawn.randrange(len(cells))
        match drawn.randrange(7):
            case 0 | 1:
                cells[place] = _written(_odd(drawn))
            case 2:
                del cells[place]
            case 3:
                cells *= drawn.choice((2, 2, 500))
            case 4:
                cells[place] += drawn.choice(('"', "'", ";", "\t", "\r", "\0", " ", "\ufeff", "|"))
            case 5:
                cells = []
            case 6:
                lines.insert(row, drawn.choice(lines))
        lines[row] = ",".join(cells)
    return drawn.choice(("\n", "\n", "\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogatepass")


def of_json(drawn: random.Random, content: bytes) -> bytes:
    """Values of a document exchanged, left out, doubled or wrapped; or its text damaged; or any other document."""
    kind = drawn.random()
    if kind < 0.25:
        return of_bytes(drawn, content)
    if kind < 0.3:
        deep = drawn.choice((50, 2000, 200_000))
        return drawn.choice((b"[", b'{"a":', b"[[],")) * deep
    if kind < 0.35:
        return dumped(any_json(drawn, 3))
    document = json.loads(content)
    for _ in range(drawn.choice((1, 1, 1, 2, 5))):
        document = _changed(drawn, document)
    return dumped(document)


def any_json(drawn: random.Random, depth: int) -> Any:
    """Some document."""
    if depth and drawn.random() < 0.6:
        many = range(drawn.randrange(4))
        if drawn.random() < 0.5:
            return [any_json(drawn, depth - 1) for _ in many]
        return {str(_odd(drawn)): any_json(drawn, depth - 1) for _ in many}
    return _odd(drawn)


def dumped(document: Any) -> bytes:
    """As JSON, with whatever Python's own parser takes, too."""
    return json.dumps(document).encode()


def _changed(drawn: random.Random, document: Any) -> Any:
    """The document with one change somewhere in it."""
    inner = isinstance(document, dict | list) and len(document)
    if not inner or drawn.random() < 0.12:
        wrapped = ([document], {"a": document}, str(document), _scaled(drawn, document))
        return drawn.choice(wrapped) if drawn.random() < 0.1 else _odd(drawn)
    key = drawn.choice(list(document)) if isinstance(document, dict) else drawn.randrange(len(document))
    if drawn.random() < 0.15:
        del document[key]
    elif drawn.random() < 0.15 and isinstance(document, list):
        document += [document[key]] * drawn.choice((1, 1, 1, 3000))  # the same one
    elif drawn.random() < 0.1 and isinstance(document, dict):
        document[_written(_odd(drawn))] = _odd(drawn)
    else:
        document[key] = _changed(drawn, document[key])
    return document


def _scaled(drawn: random.Random, value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value * drawn.choice((-1, 2, 10**9)) if number else value


def _written(value: Any) -> str:
    return value if isinstance(value, str) else str(value)[:400]


def of_zip(drawn: random.Random, content: bytes) -> bytes:
    """A member's bytes damaged and packed again, so that the sums are right; or the archive itself damaged."""
    if drawn.random() < 0.4:
        return of_bytes(drawn, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(member.filename, archive.read(member)) for member in archive.infolist()]
    place = drawn.randrange(len(members))
    name, inside = members[place]
    match drawn.randrange(6):
        case 0:
            del members[place]
        case 1:
            members.append((name, inside))
        case 2:
            members[place] = (drawn.choice(("a.npy", "../a.npy", "/etc/a.npy", "", name + "x")), inside)
        case 3 if inside[:1] == b"{" or b'{"' in inside[-len(inside) :][:200]:
            start = inside.index(b'{"')  # plain values within an array of bytes, whose length stays
            try:
                changed = dumped(_changed(drawn, json.loads(inside[start:])))
            except ValueError:
                changed = of_bytes(drawn, inside[start:])
            members[place] = (name, inside[:start] + changed[: len(inside) - start].ljust(len(inside) - start))
        case _:
            members[place] = (name, of_bytes(drawn, inside))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", drawn.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for each, inside in members:
            archive.writestr(zipfile.ZipInfo(each), inside)
    return file.getvalue()


def of_safetensors(drawn: random.Random, content: bytes) -> bytes:
    """The header's document changed, and its length with it; or bytes damaged."""
    if drawn.random() < 0.5:
        return of_bytes(drawn, content)
    length = int.from_bytes(content[:8], "little")
    header = dumped(_changed(drawn, json.loads(content[8 : 8 + length])))
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def of_sqlite(drawn: random.Random, content: bytes, folder: Path) -> bytes:
    """Values, rows or tables of a database changed by SQL; or its pages damaged, or cut off."""
    if drawn.random() < 0.5:
        return of_bytes(drawn, content)
    path = folder / "changed.db"
    path.write_bytes(content)
    connection = sqlite3.connect(path)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for _ in range(drawn.choice((1, 1, 2, 4))):
            table = drawn.choice(names)
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            column = drawn.choice(columns)
            odd = drawn.choice((*ODD[:9], *ODD[10:], b"", b"\0\1\2", drawn.randbytes(50)))
            if isinstance(odd, list | dict | bool) or (isinstance(odd, int) and not -(2**63) <= odd < 2**63):
                odd = json.dumps(odd)
            if odd == "\ud800":
                odd = b"\xed\xa0\x80"
            try:
                match drawn.randrange(8):
                    case 0:
                        connection.execute(f'DELETE FROM "{table}"')
                    case 1:
                        connection.execute(f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
                    case 2:
                        connection.execute(f'DROP TABLE "{table}"')
                        names.remove(table)
                    case 3:  # bytes where text belongs, as only damage brings them about
                        connection.execute(f'UPDATE "{table}" SET "{column}" = CAST(? AS TEXT)', (b"\xff\xfe",))
                    case _:
                        connection.execute(f'UPDATE "{table}" SET "{column}" = ?', (odd,))
            except sqlite3.Error:
                continue  # the schema forbids it
        connection.commit()
    finally:
        connection.close()
    return path.read_bytes()
