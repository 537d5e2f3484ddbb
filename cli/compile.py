"""``phusong compile``: the machine code of the kernels, once, so that the first run need not wait for it."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click

from phusong.cli.options import Settings
from phusong.cli.options import command as make_command
from phusong.data.language import Text

DONE = Text(
    "Đã biên dịch phần tính toán ({seconds:.0f} giây); các lần chạy sau dùng lại.",
    "The kernels are compiled ({seconds:.0f} seconds); every later run uses them.",
)


@make_command(
    "compile",
    Text(
        "Biên dịch sẵn phần tính toán nặng và lưu lại, một lần sau khi cài, một đến hai phút. "
        "Không bắt buộc: lần chạy đầu tiên tự làm việc này.",
        "Compile the kernels and keep them, once after installation, one or two minutes. Not needed: "
        "the first run does it by itself.",
    ),
)
@click.pass_obj
def command(settings: Settings) -> None:
    """Analyse a tiny province, which compiles whatever a run needs; beside it, what plans need."""
    from phusong.cli.screen import say
    from phusong.coverage.analyse import analyse
    from phusong.coverage.plan.prize import compile_kernels
    from phusong.data.sample import make_sample
    from phusong.layers.project.file import read_project

    start = time.perf_counter()
    # numba compiles under one lock, so two processors take two processes.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as beside:
        plans = beside.submit(compile_kernels)
        with tempfile.TemporaryDirectory() as folder:
            project = make_sample(Path(folder) / "tinh-mau", communes=4, sites=10, villages=4)
            analyse(read_project(project))
        plans.result()
    if not settings.quiet:
        say(DONE.say(settings.lang, seconds=time.perf_counter() - start))
