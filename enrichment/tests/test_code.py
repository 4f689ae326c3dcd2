"""Code in memories: where it is, which language, what it defines and imports, and how branched it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from enrichment.code import code_blocks
from enrichment.code.languages import language_of
from enrichment.code.measuring import measured
from enrichment.tests.reading_texts import kept, read
from memories.services.revising import By, Change, edit_memory
from tests.api_client import ApiClient

PYTHON = '''"""import nothing"""
import os, sys as system
from pathlib import Path

# import comment
class Walker:
    def walk(self, root, deep=True):
        for name in os.listdir(root):
            if deep and Path(name).is_dir():
                yield name
            elif name.endswith(".py") or name.endswith(".pyi"):
                yield name.upper()
        return None
'''
SEEN = {
    "python": "def chunks(xs, n):\n    return [xs[i:i+n] for i in range(0, len(xs), n)]\n",
    "javascript": "const app = express();\napp.get('/', (req, res) => {\n  res.send('hi');\n});",
    "go": 'package main\nimport "fmt"\nfunc main() {\n\tx := 3\n\tfmt.Println(x)\n}',
    "rust": 'fn main() {\n    let mut v: Vec<i32> = Vec::new();\n    println!("{}", v.len());\n}',
    "bash": "sudo apt-get install -y nginx\ncd /etc/nginx && ls -la | grep conf",
    "sql": "SELECT a.id, count(*) FROM a JOIN b ON a.id = b.a WHERE a.x > 3 GROUP BY a.id;",
    "csharp": "using System;\nnamespace A { public class B { public string Name { get; set; } } }",
    "docker": 'FROM python:3.11\nRUN pip install x\nCOPY . /app\nCMD ["python", "a.py"]',
    "yaml": "version: '3'\nservices:\n  web:\n    image: nginx\n    ports:\n      - 80:80",
}
IMPORTS = {
    "javascript": ("import a from 'left';\nconst b = require(\"right\"); // require('no')\n", ["left", "right"]),
    "go": ('import (\n\t"fmt"\n\tm "net/http"\n)\n', ["fmt", "net/http"]),
    "c": ('#include <stdio.h>\n#include "mine.h"\n', ["stdio.h", "mine.h"]),
    "rust": ("use std::fmt;\n", ["std::fmt"]),
    "java": ("import java.util.List;\n", ["java.util.List"]),
}


def test_blocks_are_found_between_fences_and_where_all_of_a_text_is_code() -> None:
    text = f"See:\n\n```python title=x\n{PYTHON}```\n\nand\n~~~\nls -la\n~~~\nThat is all."
    found = code_blocks(text)
    assert [one.tag for one in found] == ["python", ""] and found[0].code == PYTHON
    assert all(text[one.start : one.end] == one.code for one in found)
    assert [one.code for one in code_blocks(PYTHON)] == [PYTHON.rstrip()]
    assert code_blocks("```js\nopen(") != [] and code_blocks("```\n\n```") == []
    prose = "We met on Monday. It was late.\n- Buy the milk\n- Call the man\n\nDear Anna,\nsee you, Bob."
    assert code_blocks(prose) == []
    assert [one.code for one in code_blocks(f"So:\n\n    x = f(1)\n    y = g(x);\n    return y;\n\n{prose}")] != []


def test_the_writer_is_believed_and_else_the_language_is_recognised() -> None:
    assert language_of("x", "py") == ("python", "said") and language_of("x", "c++") == ("cpp", "said")
    assert language_of(PYTHON, "text") == ("", "") and language_of(PYTHON, "mylang") == ("python", "seen")
    assert {want: language_of(code)[0] for want, code in SEEN.items()} == {want: want for want in SEEN}
    assert language_of("We met Dr. Adams at noon, and it was nice.") == ("", "")


def test_names_imports_and_complexity_are_read_by_libraries() -> None:
    found = measured(PYTHON, "python")
    assert found.imports == ("os", "sys", "pathlib")
    assert found.identifiers[:2] == ("Walker", "walk") and "Path" in found.identifiers
    (walk,) = found.functions
    assert (walk.name, walk.complexity, walk.first_line) == ("walk", 6, 7) and found.complexity == 6
    assert found.lines == 11, "without the comment and blank lines"
    assert {name: list(measured(code, name).imports) for name, (code, _) in IMPORTS.items()} == {
        name: imports for name, (_, imports) in IMPORTS.items()
    }
    script = measured("function g(a){ if(a && b){return 1}\n return 2 }", "javascript")
    assert [(one.name, one.complexity) for one in script.functions] == [("g", 3)]
    assert measured("a: 1\nb: 2", "yaml").functions == ()


@pytest.mark.django_db
def test_programs_and_pages_show_it(owner: User, other: User, client_for: Callable[[User], Client]) -> None:
    memory = kept(owner, f"My walker:\n```py\n{PYTHON}```")
    plain = kept(owner, "No code here at all.")
    read("code", [memory, plain])

    def items(user: User, memory_id: Any) -> Any:
        return ApiClient(user).get(f"/memories/{memory_id}/code")

    (block,) = items(owner, memory.id).json()["items"]
    assert (block["language"], block["label"], block["complexity"]) == ("python", "Python", 6)
    assert items(owner, plain.id).json() == {"items": []} and items(other, memory.id).status_code == 404
    page = client_for(owner).get(reverse("memories:detail", args=[memory.id])).content.decode()
    assert "Code in it" in page and "<code>walk</code>" in page and "<code>pathlib</code>" in page
    edit_memory(owner=owner, memory_id=memory.id, change=Change(content="Gone."), by=By(owner))
    assert items(owner, memory.id).json() == {"items": []}
