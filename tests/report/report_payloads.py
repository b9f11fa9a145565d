"""Names that try to be more than names."""

import itertools

SPREADSHEET = [
    f"{start}{rest}"
    for start, rest in itertools.product(
        ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\uff1d", "\uff0b", "\uff0d", "\uff20"],
        ["cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example")', "1+1"],
    )
]
SEPARATED = ["a;=1+1", "a,=1+1", 'a"=1+1', 'a",=1+1,"', "a\n=1+1", "a\r\n=1+1", "a\t=1+1", "a|=1"]
TERMINAL = [
    "\x1b[31mred",
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP+q544e\x1b\\",
    "\x1bc",
    "\x9b31mC1",
    "\x90q\x9c",
    "\x85next",
    "back\x08\x08\x08",
    "bell\x07",
    "over\rwritten",
    "null\x00byte",
    "del\x7f",
    "form\x0cfeed",
    "tab\x0b",
    "shift\x0e\x0f",
    "line\u2028separator",
    "paragraph\u2029",
]
UNSEEN = [
    f"a{character}b"
    for character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\ud800\udfff\ue000\uffff\U000e0041"
]
RICH = ["[/]", "[red]x[/red]", "[link=http://evil.example]x[/link]", "[bold", "\\[x]", ":skull:"]
HTML = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></tr></table>",
    "&lt;b&gt;",
    "<!-- -->",
    "javascript:alert(1)",
]
MARKDOWN = [
    "a | b",
    "`code`",
    "``` fence",
    "**bold**",
    "__x__",
    "~~x~~",
    "[x](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "# heading",
    "1. list",
    "- list",
    "http://evil.example",
    "www.evil.example",
    "someone@evil.example",
    "\\|",
]
SHELL = ["$(reboot)", "`reboot`", "a; reboot", "a' b", 'a" b', "a\\'b", "*", "~", "-rf", "a\nb", ""]
PAYLOADS = SPREADSHEET + SEPARATED + TERMINAL + UNSEEN + RICH + HTML + MARKDOWN + SHELL
