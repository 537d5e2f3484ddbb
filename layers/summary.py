"""The outcome of reading, as JSON for another program."""

from __future__ import annotations

import json
from collections.abc import Iterable

from phusong.data.language import Language
from phusong.layers.faults import Fault
from phusong.layers.inventory import Source


def check_summary(faults: Iterable[Fault], sources: Iterable[Source], lang: Language) -> str:
    """Return what was read and every fault as JSON text.

    ``{"errors": n, "warnings": n, "sources": [...], "faults": [...]}``; a fault has ``severity code layer
    file row column value message``, the message in ``lang``.
    """
    listed = list(faults)
    content = {
        "errors": sum(f.severity == "error" for f in listed),
        "warnings": sum(f.severity == "warning" for f in listed),
        "sources": [
            {
                "layer": s.layer,
                "path": s.path,
                "sha256": s.sha256,
                "rows": s.rows,
                "as_of": s.as_of.isoformat(),
            }
            for s in sources
        ],
        "faults": [
            {
                "severity": f.severity,
                "code": f.code,
                "layer": f.layer,
                "file": f.file,
                "row": f.row,
                "column": f.column,
                "value": f.value,
                "message": f.say(lang),
            }
            for f in listed
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)
