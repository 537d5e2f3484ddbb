"""How long the outputs of one province take from its results, and how soon its map page shows communes.

    python benchmarks/render.py PROJECT [--lang vi] [--opens 5] [--slower 4]

The analysis runs once, in a process of its own; a second process reads its result and writes every output one
after the other, so that time and peak memory are those of writing alone. `--opens N` then opens the map page
and the report N times in Chromium with its processor slowed, each time beside an empty page: how busy the
machine is shows in the empty page too.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS, PEAK_MB = 20.0, 1500.0
OPENS_S = 3.0
EMPTY = '<!DOCTYPE html><html lang="vi" data-ready="1"><title>empty</title><body>-</body></html>'
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def analyse_into(project: Path, kept: Path) -> None:
    """Analyse a project and keep the result in a file."""
    from phusong.coverage.analyse import analyse
    from phusong.layers.project.file import read_project

    with kept.open("wb") as file:
        pickle.dump(analyse(read_project(project)), file, protocol=5)


def memory_mb() -> float:
    """Return the largest memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_all(kept: Path, out: Path, lang: str) -> dict[str, object]:
    """Write every output of a kept result, and return seconds and bytes of each."""
    with kept.open("rb") as file:
        result = pickle.load(file)
    held = memory_mb()
    begin, busy = time.perf_counter(), time.process_time()
    from phusong.maps.manifest import write_manifest
    from phusong.maps.write import writers

    jobs = writers(result, "en" if lang == "en" else "vi")
    out.mkdir()
    rows = [("(modules, outlines)", time.perf_counter() - begin, time.process_time() - busy, 0)]
    for name, write in jobs.items():
        start, used = time.perf_counter(), time.process_time()
        write(out / name)
        rows.append(
            (name, time.perf_counter() - start, time.process_time() - used, (out / name).stat().st_size)
        )
    start, used = time.perf_counter(), time.process_time()
    written = write_manifest(result, [out / name for name in jobs], out, {}, "vi")
    rows.append(
        (written.name, time.perf_counter() - start, time.process_time() - used, written.stat().st_size)
    )
    seconds = (time.perf_counter() - begin, time.process_time() - busy)
    return {"rows": rows, "seconds": seconds, "held_mb": held, "peak_mb": memory_mb()}


def child(*arguments: str) -> str:
    """Run this file in a process of its own and return the last line that it prints."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return (done.stdout.splitlines() or [""])[-1]


def open_pages(folder: Path, times: int, slower: float) -> None:
    """Open empty page, map page and report in turn; print the median of each."""
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("PHUSONG_CHROMIUM") or shutil.which("chromium")
    empty = folder / "empty.html"
    empty.write_text(EMPTY, encoding="utf-8")
    steps = {
        "empty page": (empty, "html[data-ready='1']"),
        "map.html, communes drawn": (folder / "map.html", "html[data-drawn='1']"),
        "map.html, all layers and controls": (folder / "map.html", "html[data-ready='1']"),
        "index.html, ready": (folder / "index.html", "#shown:not(:empty)"),
    }
    taken: dict[str, list[float]] = {name: [] for name in steps}
    with sync_playwright() as playwright:
        for _ in range(times):
            for name, (path, sign) in steps.items():
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                page = browser.new_page(viewport={"width": 1280, "height": 800})
                session = page.context.new_cdp_session(page)
                session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
                begin = time.perf_counter()
                page.goto(path.as_uri(), wait_until="commit")
                page.wait_for_selector(sign, state="attached")
                taken[name].append(time.perf_counter() - begin)
                browser.close()
    empty.unlink()
    head = f"Chromium, processor slowed {slower:g} times"
    print(f"\n{head:42}{'median s':>10}{'least':>8}{'most':>8}  budget")
    for name, seconds in taken.items():
        budget = "" if name == "empty page" else f"{OPENS_S:g} s"
        print(
            f"{name:42}{statistics.median(seconds):10.2f}{min(seconds):8.2f}{max(seconds):8.2f}  {budget}"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("project", type=Path)
    parser.add_argument("--lang", choices=["vi", "en"], default="vi")
    parser.add_argument("--opens", type=int, default=0, help="times that each page is opened")
    parser.add_argument("--slower", type=float, default=4.0, help="how many times slower Chromium runs")
    parser.add_argument("--analyse", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.analyse:
        analyse_into(options.project, options.analyse)
        return
    if options.write:
        print(json.dumps(write_all(options.project, options.write, options.lang)))
        return
    with tempfile.TemporaryDirectory() as folder:
        kept, out = Path(folder) / "result", Path(folder) / "out"
        child(str(options.project), "--analyse", str(kept))
        took = json.loads(child(str(kept), "--write", str(out), "--lang", options.lang))
        print(f"{'output':32}{'s':>8}{'CPU s':>8}{'MB':>8}")
        for name, seconds, busy, size in took["rows"]:
            print(f"{name:32}{seconds:8.2f}{busy:8.2f}{size / 1e6:8.2f}")
        seconds, busy = took["seconds"]
        print(f"{'all':32}{seconds:8.2f}{busy:8.2f}          budget {SECONDS:g} s")
        print(
            f"peak memory {took['peak_mb']:.0f} MB, of it {took['held_mb']:.0f} MB the result itself; "
            f"budget {PEAK_MB:g} MB"
        )
        if options.opens:
            open_pages(out, options.opens, options.slower)


if __name__ == "__main__":
    main()
