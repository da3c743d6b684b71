"""Azure's route templates: `products/{category:alpha}/{id:int?}`, `{*rest}`."""
import re
from urllib.parse import unquote

CONSTRAINTS = {
    "int": r"-?\d+", "long": r"-?\d+", "alpha": "[A-Za-z]+", "bool": "(?i:true|false)", "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?", "float": r"-?\d+(?:\.\d+)?", "guid": "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
}
PARAMETER = re.compile(r"\{(\*?)(\w+)((?::[^{}?=]+)*)(\?|=[^{}]*)?\}")


class Route:
    def __init__(self, template):
        self.names, self.defaults, self.literals = [], {}, 0
        pattern = ""
        for segment in template.strip("/").split("/"):
            part, optional = self._segment(segment)
            slash = "/" if pattern else ""
            pattern += f"(?:{slash}{part})?" if optional else slash + part
        self.pattern = re.compile(pattern + "/?", re.IGNORECASE)

    def _segment(self, segment):
        pattern, at, optional = "", 0, False
        for found in PARAMETER.finditer(segment):
            rest, name, constraints, ending = found.groups()
            pattern += re.escape(segment[at:found.start()])
            known = [CONSTRAINTS[one] for one in constraints.split(":") if one in CONSTRAINTS]
            pattern += f"(?P<{name}>{'.*' if rest else known[0] if known else '[^/]+'})"
            optional = optional or bool(rest or ending)
            self.names.append(name)
            if ending and ending[0] == "=":
                self.defaults[name] = ending[1:]
            at = found.end()
        if at == 0:
            self.literals += 1
        return pattern + re.escape(segment[at:]), optional and pattern and not segment[at:]

    def match(self, path):
        """The parameters of a percent-encoded path without its first slash; None when it is not of this route."""
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        given = {name: unquote(value) for name, value in found.groupdict().items() if value}
        return {**self.defaults, **given}
