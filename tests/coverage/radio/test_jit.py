from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from phusong.coverage.radio import jit, p1812_terms, sweep_kernel


def test_kept_machine_code_is_stamped_with_all_kernels() -> None:
    for kernel in (sweep_kernel.sweep_rays, p1812_terms.knife_edge_db):
        assert kernel._cache._cache_file._source_stamp[1] == jit.kernel_sources()  # type: ignore[attr-defined]


def test_digest_follows_modules_with_kernels_only(tmp_path: Path) -> None:
    digest = jit.kernel_sources.__wrapped__
    (tmp_path / "terms.py").write_text("from phusong.coverage.radio.jit import kernel\nA = 1\n")
    (tmp_path / "words.py").write_text("A = 1\n")
    first = digest(tmp_path)
    (tmp_path / "words.py").write_text("A = 2\n")
    assert digest(tmp_path) == first
    (tmp_path / "terms.py").write_text("from phusong.coverage.radio.jit import kernel\nA = 2\n")
    assert digest(tmp_path) != first


def test_second_start_compiles_nothing() -> None:
    """In processes of their own: the first keeps the machine code, the second only reads it."""
    program = textwrap.dedent("""
        from phusong.coverage.radio.p1812 import path_loss
        from phusong.coverage.radio.p1812_path import path_terms

        path_loss([0.0, 1.0, 2.0], [0.0, 5.0, 1.0], frequency_ghz=1.8, tx_height_m=30.0)
        print(sum(path_terms.stats.cache_hits.values()), sum(path_terms.stats.cache_misses.values()))
    """)
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[1].stdout.split() == ["1", "0"]
