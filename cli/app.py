"""The command line's entry: a group that imports a command only when it is asked for."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from phusong.cli.errors import MEMORY, see_help, system_message, usage_message
from phusong.cli.options import (
    Command,
    Context,
    Option,
    Settings,
    first_language,
    globals_first,
    language_of,
    option,
)
from phusong.data.language import LANGUAGES, Text
from phusong.data.processes import collect_seldom

COMMANDS: dict[str, Text] = {
    "demo": Text("Chạy thử với tỉnh mẫu có sẵn.", "Try the program on the built-in sample province."),
    "sample": Text("Sinh một tỉnh mẫu vào thư mục.", "Write a sample province into a folder."),
    "init": Text("Tạo tệp dự án có chú thích cho một tỉnh.", "Start a commented project for a province."),
    "fetch": Text(
        "Tải dữ liệu công khai của một tỉnh thành dự án.", "Bring a province's public data into a project."
    ),
    "check": Text("Đọc và kiểm tra dữ liệu, không tính.", "Read and check the inputs, compute nothing."),
    "convert": Text(
        "Đổi tệp bất kỳ thành tệp sạch với tên cột của dự án.", "Turn any file into a clean one."
    ),
    "run": Text("Tính vùng phủ và viết báo cáo.", "Compute coverage and write the report."),
    "batch": Text(
        "Chạy nhiều tỉnh, tỉnh hỏng không cản tỉnh khác.", "Run many provinces; one failure stops none."
    ),
    "plan": Text("Lập kế hoạch đầu tư: trạm, cáp quang.", "Plan what to build: sites, fibre."),
    "compare": Text(
        "So sánh hai lần chạy, hoặc xem diễn biến qua nhiều lần.",
        "Compare two runs, or follow several as a trend.",
    ),
    "validate": Text(
        "Đối chiếu dự báo với kết quả đo, khai báo, phản ánh.",
        "Hold the prediction against measurements, declarations, reports.",
    ),
    "calibrate": Text("Hiệu chỉnh dự báo theo kết quả đo.", "Fit the prediction to measurements."),
    "field-form": Text("Lập phiếu ghi sóng từng thôn, làng.", "Make a form of reports for every village."),
    "link": Text("Mặt cắt và suy hao của một tuyến.", "Profile and loss of one path."),
    "loss": Text("Tính suy hao cho một bảng trường hợp.", "Compute losses for a table of cases."),
    "compile": Text("Biên dịch sẵn phần tính toán.", "Compile the kernels beforehand."),
    "models": Text("Liệt kê các mô hình truyền sóng.", "List the propagation models."),
}

VERSION = Text("In số phiên bản.", "Show the version.")


class Group(Command, click.Group):
    """Commands live one in a module and are imported when named."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"phusong.cli.{cmd_name.replace('-', '_')}")
        return module.command  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text.say(language_of(ctx))) for name, text in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command that is asked for, or name the nearest."""
        if args and args[0] not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            text = Text(
                f"Không có lệnh '{args[0]}'." + (f" Ý bạn là '{near[0]}'?" if near else ""),
                f"No such command '{args[0]}'." + (f" Did you mean '{near[0]}'?" if near else ""),
            )
            raise NoSuchCommandError(text.say(language_of(ctx)), ctx)
        return super().resolve_command(ctx, args)


class NoSuchCommandError(click.UsageError):
    """A command that does not exist; its message is in the user's language already."""


@click.group(
    "phusong",
    cls=Group,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    text=Text(
        "phusong (phủ sóng): tỉnh ta ai đã có 4G, 5G, cáp quang, ai chưa có, vì sao, và cần gì để tới họ.",
        "phusong: who in a province has 4G, 5G and fibre, who has not, why, and what it takes to reach them.",
    ),
)
@option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default=None,
    is_eager=True,
    text=Text("Ngôn ngữ màn hình và kết quả: vi (mặc định) hoặc en.", "Language: vi (default) or en."),
)
@option(
    "-v", "--verbose", count=True, text=Text("In thêm chi tiết (-vv: tất cả).", "Say more (-vv: everything).")
)
@option("--quiet", is_flag=True, text=Text("Chỉ in lỗi.", "Print errors only."))
@click.version_option(package_name="phusong", message="%(prog)s %(version)s", cls=Option, text=VERSION)
@click.pass_context
def group(ctx: click.Context, lang: str | None, verbose: int, quiet: bool) -> int:
    """Set language and logging for the command that follows; without one, show what there is."""
    settings = ctx.ensure_object(Settings)
    settings.lang = language_of(ctx)
    settings.verbose = verbose
    settings.quiet = quiet
    level = logging.WARNING if verbose == 0 else logging.INFO if verbose == 1 else logging.DEBUG
    logging.basicConfig(stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("phusong").setLevel(level)  # not the libraries': numba alone writes thousands of lines
    # GDAL's own remarks, in English, would stand above our message about the same file.
    logging.getLogger("rasterio").setLevel(logging.DEBUG if verbose > 1 else logging.CRITICAL)
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        return 2
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit: 0 done, 1 part of a batch failed, 2 bad input or usage."""
    words = globals_first(sys.argv[1:] if arguments is None else arguments)
    _speak_unicode()
    collect_seldom()
    sys.exit(run(words, Settings(first_language(words))))


def _speak_unicode() -> None:
    """Write UTF-8 where the system would write an encoding without Vietnamese, as Windows does to files."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8")


def run(words: Sequence[str], settings: Settings) -> int:
    """Run one command line and return its exit code; an expected fault is one message, no traceback."""
    from phusong.cli.screen import print_faults, tell

    try:
        outcome = group.main(list(words), prog_name="phusong", obj=settings, standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except NoSuchCommandError as error:
        tell(error.message)
        tell(see_help(error, settings.lang))
        return 2
    except click.ClickException as error:
        tell(usage_message(error, settings.lang))
        tell(see_help(error, settings.lang))
        return 2
    except click.Abort:
        tell(Text("Đã dừng theo yêu cầu.", "Stopped as asked.").say(settings.lang))
        return 130
    except (BrokenPipeError, SystemExit):
        # The reader of a pipe has had enough: `phusong models | head`. Click would exit with 1, which here
        # means that provinces failed.
        _close_stdout()
        return 141
    except MemoryError:
        tell(MEMORY.say(settings.lang))
        return 2
    except Exception as error:
        from phusong.layers.faults import ExpectedError, InputError

        if isinstance(error, InputError):
            print_faults(error.faults, settings.lang, warnings=bool(settings.verbose))
            return 2
        if isinstance(error, ExpectedError):
            tell(error.say(settings.lang))
            return 2
        if isinstance(error, OSError):
            tell(system_message(error, settings.lang))
            return 2
        raise


def _close_stdout() -> None:
    """Send what is still in the buffer nowhere, so that Python's own exit does not fail on it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
