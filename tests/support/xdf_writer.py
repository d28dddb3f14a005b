"""A small XDF file as LabRecorder writes one (https://github.com/sccn/xdf/wiki/Specifications)."""

import struct
from xml.sax.saxutils import escape

FORMATS = {"f4": "float32", "f8": "double64"}


def chunk(tag, content):
    body = struct.pack("<H", tag) + content
    return struct.pack("<BI", 4, len(body)) + body


def header(stream):
    tag = stream.get("label_tag", "label")
    channels = "".join(
        f"<channel><{tag}>{escape(label)}</{tag}><unit>{escape(stream['unit'])}</unit></channel>"
        for label in stream["channels"]
    )
    return (
        "<?xml version='1.0'?><info>"
        f"<name>{escape(stream['name'])}</name><type>{escape(stream['type'])}</type>"
        f"<source_id>{escape(stream.get('source_id', ''))}</source_id>"
        f"<channel_count>{stream['x'].shape[1]}</channel_count>"
        f"<nominal_srate>{stream['rate_hz']}</nominal_srate>"
        f"<channel_format>{FORMATS[stream['x'].dtype.str[1:]]}</channel_format>"
        f"<desc><channels>{channels}</channels></desc></info>"
    ).encode()


def samples(stream):
    rows = b"".join(
        struct.pack("<Bd", 8, t) + row.tobytes()
        for t, row in zip(stream["t"], stream["x"], strict=True)
    )
    return struct.pack("<BI", 4, len(stream["x"])) + rows


def write_xdf(path, streams):
    """Write streams given as dicts: name, type, channels, unit, rate_hz, t, x.

    Optional are source_id, offset (of the sender's clock), label_tag, and footer (its XML).
    """
    parts = [b"XDF:", chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")]
    for number, stream in enumerate(streams, start=1):
        identity = struct.pack("<I", number)
        footer = f"<?xml version='1.0'?><info>{stream.get('footer', '')}</info>".encode()
        parts.append(chunk(2, identity + header(stream)))
        if len(stream["t"]):
            first, last = float(stream["t"][0]), float(stream["t"][-1])
            parts += [
                chunk(4, identity + struct.pack("<dd", when, stream.get("offset", 0.0)))
                for when in (first, last)
            ]
            parts.append(chunk(3, identity + samples(stream)))
        parts.append(chunk(6, identity + footer))
    path.write_bytes(b"".join(parts))
