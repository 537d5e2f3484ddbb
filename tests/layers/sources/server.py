"""The publisher's server, a process of its own: GDAL may hold Python still while it waits for an answer.

Serves the folder that it was told last; ``POST /__tell`` changes folder and faults, ``GET /__log`` tells what
was asked. A fault of a path is a status; ``["cut", n]``: breaks off after n bytes; ``["slow", s]``: so many
seconds between bytes; ``["short", n]``: n bytes fewer, and says so; ``"lie"``: the first bytes for any range;
 ``["redirect", path]``; ``"page"``; null:
none.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = b"<!DOCTYPE html><html><body>The service has moved</body></html>"
STATE: dict[str, Any] = {}
LOCK = threading.Lock()


def forget() -> None:
    STATE.update(folder=".", ranges=True, faults={}, asked=[], sent={}, agents=[])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with LOCK:
            if told.pop("forget", False):
                forget()
            STATE["faults"].update(told.pop("faults", {}))
            STATE.update(told)
        self.send(200, b"")

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        if self.path == "/__log":
            with LOCK:
                said = json.dumps(STATE).encode()
            return self.send(200, said)
        return self.answer()

    def answer(self) -> None:
        path = self.path.partition("?")[0].partition("://")  # a proxy is asked for whole addresses
        path = (path[2].partition("/")[2] if path[1] else path[0]).lstrip("/")
        span = self.headers.get("Range", "")
        with LOCK:
            STATE["asked"].append([path, span])
            STATE["agents"].append(self.headers.get("User-Agent", ""))
            waiting = STATE["faults"].get(path)
            fault = waiting.pop(0) if waiting else None
            file = Path(STATE["folder"]) / path
            ranges = STATE["ranges"]
        if isinstance(fault, int):
            return self.send(fault, b"", {"Retry-After": "0"})
        if isinstance(fault, list) and fault[0] == "redirect":
            return self.send(302, b"", {"Location": "/" + fault[1]})
        if fault == "page":
            return self.send(200, PAGE, {"Content-Type": "text/html"})
        if not file.is_file() and (file / "index.json").is_file():
            file = file / "index.json"
        if not file.is_file():
            return self.send(404, b"nothing")
        content = file.read_bytes()
        headers = {"ETag": '"' + hashlib.md5(content).hexdigest() + '"', "Accept-Ranges": "bytes"}
        found = re.match(r"bytes=(\d+)-(\d*)", span)
        current = self.headers.get("If-Range") in (None, headers["ETag"])
        if found and ranges and current and fault == "lie":  # 206 with the beginning, whatever was asked for
            length = min(int(found[2] or len(content) - 1) - int(found[1]) + 1, len(content))
            headers["Content-Range"] = f"bytes 0-{length - 1}/{len(content)}"
            return self.send(206, content[:length], headers, None, path)
        if found and ranges and current:
            first, last = int(found[1]), int(found[2] or len(content) - 1)
            if first >= len(content):
                return self.send(416, b"")
            last = min(last, len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
            return self.send(206, content[first : last + 1], headers, fault, path)
        return self.send(200, content, headers, fault, path)

    def send(
        self, status: int, content: bytes, headers: dict[str, str] | None = None, fault: Any = None,
        path: str = "",
    ) -> None:
        kind, amount = fault if isinstance(fault, list) else ("", 0)
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if kind == "short":
            content = content[: max(len(content) - amount, 0)]
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        try:
            if kind == "slow":
                for k in range(len(content)):
                    self.wfile.write(content[k : k + 1])
                    time.sleep(amount)
            elif kind == "cut":
                content = content[:amount]
                self.wfile.write(content)
                self.close_connection = True
            else:
                self.wfile.write(content)
        except OSError:
            self.close_connection = True
        with LOCK:
            STATE["sent"][path] = STATE["sent"].get(path, 0) + len(content)


if __name__ == "__main__":
    forget()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        server.serve_forever()
