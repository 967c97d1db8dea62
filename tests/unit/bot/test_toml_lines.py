"""The lines of keys in a settings file."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from bot.settings.toml_lines import key_lines

TEXT = """\
# A comment.
start_timeout = "60s"  # another

[teleport]
addr = "a.b:1"
identity = '''
[slack]
token = 1
'''

[slack]
recipients = [
  "one",  # [review]
  "two",
]
"quoted key" = 1
[ role_to_recipients ]
"*" = "x"
"a.b" = ["y"]
review.enabled = true
inline = {a = 1, b = {c = 2}}
"""


def test_keys_are_found_on_the_line_where_they_begin() -> None:
    assert key_lines(TEXT) == {
        ("start_timeout",): 2,
        ("teleport",): 4,
        ("teleport", "addr"): 5,
        ("teleport", "identity"): 6,
        ("slack",): 11,
        ("slack", "recipients"): 12,
        ("slack", "quoted key"): 16,
        ("role_to_recipients",): 17,
        ("role_to_recipients", "*"): 18,
        ("role_to_recipients", "a.b"): 19,
        ("role_to_recipients", "review"): 20,
        ("role_to_recipients", "review", "enabled"): 20,
        ("role_to_recipients", "inline"): 21,
        ("role_to_recipients", "inline", "a"): 21,
        ("role_to_recipients", "inline", "b"): 21,
        ("role_to_recipients", "inline", "b", "c"): 21,
    }


VALUES = st.sampled_from(["1", '"x"', "[\n1,\n2]", '"""\n[a]\nb = 1\n"""', "{x = 1}", "true"])
NAMES = st.sampled_from(["a", "b", "c", '"d.e"', "f.g"])


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4), max_size=4))
def test_every_key_has_a_line_that_contains_its_name(
    sections: dict[str, dict[str, str]],
) -> None:
    text = ""
    for section, keys in sections.items():
        text += f"\n[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
    lines = text.split("\n")
    found = key_lines(text)
    for key, line in found.items():
        assert key[-1] in lines[line - 1]
    for name, section in tomllib.loads(text).items():
        assert (name,) in found
        assert all((name, key) in found for key in section)
