#!/usr/bin/env python3
"""Writes the page's files as C source: embed.py OUTPUT FILE… (the order is kept; see exporter/site_files.h)."""

import pathlib
import sys

FOLDER = "r3e-site/"
PER_LINE = 24


def array(number, data):
    lines = (data[at : at + PER_LINE] for at in range(0, len(data), PER_LINE))
    body = "\n".join("".join(f"{byte}," for byte in line) for line in lines)
    return f"static const unsigned char file_{number}[] = {{\n{body}\n}};\n"


def main(output, paths):
    files = [pathlib.Path(path) for path in paths]
    parts = ["/* Made by exporter/site/embed.py. */\n#include \"exporter/site_files.h\"\n\n"]
    parts += [array(number, file.read_bytes()) for number, file in enumerate(files)]
    parts.append("\nconst struct site_file site_files[] = {\n")
    for number, file in enumerate(files):
        path = file.name if file.name == "index.html" else FOLDER + file.name
        parts.append(f'    {{"{path}", file_{number}, sizeof file_{number}}},\n')
    parts.append("};\nconst size_t site_file_count = sizeof site_files / sizeof *site_files;\n")
    pathlib.Path(output).write_text("".join(parts), encoding="ascii")


main(sys.argv[1], sys.argv[2:])
