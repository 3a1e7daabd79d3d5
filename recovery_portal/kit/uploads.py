"""Uploads stay in memory and stop at a cap: no picture of a person is ever spooled to a disk in clear."""

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler

MAX_UPLOAD_BYTES = 60 * 1024 * 1024


class CappedMemoryUpload(MemoryFileUploadHandler):
    """Keeps every file in memory; reads a body past the cap to its end and drops it, so that the page can answer."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, Any], content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)
        self.activated = True
        self._kept = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self._kept += len(raw_data)
        if self._kept <= MAX_UPLOAD_BYTES:
            self.file.write(raw_data)
        return None
