"""Hold files to 500 lines and functions to 50 lines of code, docstrings not counted."""

import ast
import sys
from pathlib import Path

FILE_LINES = 500
FUNCTION_LINES = 50
FOLDERS = ("src", "tests", "tools", "benchmarks")


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def faults(path: Path) -> list[str]:
    """What in a file is longer than allowed, one line each."""
    text = path.read_text(encoding="utf-8")
    found = []
    if (lines := text.count("\n")) > FILE_LINES:
        found.append(f"{path}: {lines} lines, at most {FILE_LINES}")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = code_lines(node)
            if lines > FUNCTION_LINES:
                place = f"{path}:{node.lineno} {node.name}"
                found.append(f"{place}: {lines} lines of code, at most {FUNCTION_LINES}")
    return found


def main() -> int:
    """Print every fault; exit status 1 if there is one."""
    files = [file for folder in FOLDERS for file in sorted(Path(folder).rglob("*.py"))]
    found = [fault for file in files for fault in faults(file)]
    print("\n".join(found) or f"{len(files)} files and their functions are within the limits.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
