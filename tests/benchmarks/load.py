"""Servers on one core, load from another: requests a second and the processor time of each.

The load comes from ``wrk`` when it is there (Debian: ``apt-get install wrk``), else from a plain loop in
Python, which a fast server outruns; then only the processor time says something.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

CONNECTIONS = 64
SERVER_CORE, LOAD_CORE = 0, 1


@dataclass
class Served:
    """A running server; ``rates`` and ``costs`` collect its rounds (µs of processor time a request)."""

    process: subprocess.Popen[bytes]
    port: int
    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def stop(self) -> None:
        """End it and what it started."""
        family = self._family()
        self.process.terminate()
        psutil.wait_procs(family, timeout=10)

    def used(self) -> float:
        """Seconds of processor time, with its children."""
        total = 0.0
        for process in self._family():
            spent = process.cpu_times()
            total += spent.user + spent.system
        return total

    def _family(self) -> list[psutil.Process]:
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], port: int, environment: Mapping[str, str]) -> Served:
    """Run it on the servers' core and wait until it listens."""
    said = tempfile.TemporaryFile()  # noqa: SIM115 (the server writes to it for as long as it runs)
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
        stdout=subprocess.DEVNULL,
        stderr=said,
    )
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return Served(process, port)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    said.seek(0)
    raise RuntimeError(f"{command} did not come up: {said.read()[-2000:].decode()}")


def start_nginx(folder: Path, path: str, body: bytes, headers: list[tuple[str, str]]) -> Served | None:
    """nginx with the same bytes and headers from a file; None when it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    port = free_port()
    file = folder / "document"
    file.write_bytes(body)
    added = "".join(
        f'add_header {name} "{value}";\n'
        for name, value in headers
        if name.lower() not in ("content-type", "content-length", "etag")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; sendfile on; keepalive_requests 1000000;\n"
        f"client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;\n"
        f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"server {{ listen 127.0.0.1:{port}; location = {path} {{ alias {file};\n"
        f"default_type 'text/html; charset=utf-8';\n{added} }} }} }}\n"
    )
    return start([program, "-c", str(config), "-p", str(folder)], port, {})


def press(served: Served, path: str, headers: Mapping[str, str], *, seconds: float) -> None:
    """One round: note its rate and cost."""
    before, began = served.used(), time.perf_counter()
    count = _wrk(served.port, path, headers, seconds) or _loop(served.port, path, headers, seconds)
    spent = time.perf_counter() - began
    served.rates.append(count / spent)
    served.costs.append((served.used() - before) / count * 1e6)


def _wrk(port: int, path: str, headers: Mapping[str, str], seconds: float) -> int:
    program = shutil.which("wrk")
    if program is None:
        return 0
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    output = subprocess.run(
        [program, "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", *given, f"http://127.0.0.1:{port}{path}"],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    ).stdout
    if "Non-2xx" in output and "If-None-Match" not in headers:
        raise RuntimeError(output)
    found = re.search(r"(\d+) requests in", output)
    assert found is not None, output
    return int(found[1])


def _loop(port: int, path: str, headers: Mapping[str, str], seconds: float) -> int:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    wish = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode()
    script = (
        "import socket,sys,time\n"
        f"wish={wish!r}\n"
        f"many=[socket.create_connection(('127.0.0.1',{port})) for _ in range(16)]\n"
        f"until,count=time.perf_counter()+{seconds},0\n"
        "while time.perf_counter()<until:\n"
        " for one in many: one.sendall(wish)\n"
        " for one in many:\n"
        "  data=one.recv(262144)\n"
        "  while b'\\r\\n\\r\\n' not in data: data+=one.recv(262144)\n"
        "  head,_,body=data.partition(b'\\r\\n\\r\\n')\n"
        "  size=[int(line.split(b':')[1]) for line in head.lower().split(b'\\r\\n') "
        "if line.startswith(b'content-length')]\n"
        "  left=(size[0] if size and b' 304 ' not in head[:20] else 0)-len(body)\n"
        "  while left>0: left-=len(one.recv(262144))\n"
        "  count+=1\n"
        "print(count)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}),
    )
    return int(done.stdout)
