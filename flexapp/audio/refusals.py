"""Why a file is refused: one code and one sentence each."""

from __future__ import annotations

from flexapp.errors import Invalid


class FileRefused(Invalid):
    """A file that the product does not take; the code says which rule, the sentence how to mend it."""

    code = "file_refused"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type[FileRefused], tuple[str, str]]:
        return FileRefused, (self.code, self.message)


REFUSALS = {
    "empty_file": "This file is empty.",
    "not_audio": "This is no audio file: send a WAV, AIFF, FLAC or MP3.",
    "unsupported_format": "{format} files are not taken: send a WAV, AIFF, FLAC or MP3.",
    "unsupported_codec": "This {format} file holds {codec}, which is not taken: export 16, 24 or 32-bit PCM.",
    "unsupported_bit_depth": "This file has {bits} bits a sample: export 16, 24 or 32 bits.",
    "unsupported_sample_rate": "This file has {rate} samples a second: export between 8,000 and 192,000.",
    "too_many_channels": "This file has {channels} channels: export it in stereo or mono.",
    "truncated": "This file is cut off: it should last {declared} and ends after {found}. Send it again.",
    "damaged": "This file is damaged and cannot be decoded. Export it again.",
    "no_sound": "This file holds no sound.",
    "silent": "This file is silent: its loudest moment is below −60 dB.",
    "too_long": "This file lasts {found}; at most {most} are taken.",
    "too_short": "This file lasts {found}; at least {least} are needed.",
    "too_large": "This file has {found} MB; at most {most} MB are taken.",
    "took_too_long": "This file took longer to work through than allowed. Export it again, or try later.",
    "too_much_memory": "This file needs more memory than allowed. Export it again in a simpler form.",
    "not_a_zip": "Stems are sent as one zip file.",
    "zip_damaged": "This zip is damaged: {name} cannot be unpacked.",
    "zip_encrypted": "This zip asks for a password: send it without one.",
    "zip_unsafe_name": "This zip holds a file with an unsafe name: {name}.",
    "zip_not_audio": "This zip holds {name}, which is no WAV, AIFF, FLAC or MP3.",
    "zip_stem_damaged": "The stem {name} is cut off or damaged.",
    "zip_too_many_files": "This zip holds {found} files; at most {most} stems are taken.",
    "zip_too_large": "This zip unpacks to more than {most} MB.",
    "zip_empty": "This zip holds no stems.",
    "not_an_image": "This is no image: send a JPEG, PNG or WebP.",
    "image_too_large": "This image has too many pixels: at most 50 million are taken.",
    "image_too_small": "This image has {width} × {height} pixels: send at least 300 × 300.",
}


def refused(code: str, **facts: object) -> FileRefused:
    """The refusal of that code, its sentence filled with facts."""
    return FileRefused(code, REFUSALS[code].format(**facts))


def in_minutes(seconds: float) -> str:
    """``57.86`` as ``0:57.9``, ``1200`` as ``20:00``: how refusals speak of time."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 else "")
