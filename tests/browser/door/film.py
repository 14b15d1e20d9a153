"""What a fake camera sees: codes, one after the other, as a file that Chromium plays in place of a camera."""

from collections.abc import Iterable
from pathlib import Path

import segno

SIDE = 320  # pixels
FRAMES_PER_S = 5
BLANK = bytes([235]) * (SIDE * SIDE)
GREY = bytes([128]) * (SIDE * SIDE // 2)


def film(path: Path, texts: Iterable[str], *, frames: int = 4) -> Path:
    """Write a film that shows each text as a QR code for `frames` frames, with a blank frame after it."""
    with path.open("wb") as made:
        made.write(f"YUV4MPEG2 W{SIDE} H{SIDE} F{FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n".encode())
        for text in texts:
            for picture in [_picture(text)] * frames + [BLANK]:
                made.write(b"FRAME\n" + picture + GREY)
    return path


def _picture(text: str) -> bytes:
    """Return the brightness of each pixel."""
    rows = [bytes(16 if dark else 235 for dark in row) for row in segno.make(text, error="m", micro=False).matrix]
    scale = (SIDE - 40) // len(rows)
    edge = (SIDE - scale * len(rows)) // 2
    wide = [bytes([235]) * edge + b"".join(bytes([one]) * scale for one in row) for row in rows]
    lines = [line + bytes([235]) * (SIDE - len(line)) for line in wide for _ in range(scale)]
    blank = [bytes([235]) * SIDE]
    return b"".join(blank * edge + lines + blank * (SIDE - edge - len(lines)))


def flags(path: Path) -> list[str]:
    """Return the flags with which Chromium plays a film in place of its camera, and asks nobody."""
    return [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={path}",
    ]  # fmt: skip
