"""What ``phusong check`` shows: text, page, marked copies."""
