"""Google's event functions where functions_framework is not installed: background events and CloudEvents, without conversions between vendors' forms."""
import json

REQUIRED = ("id", "source", "specversion", "type")


def prepare(handler, kind):
    def call(environment, body):
        try:
            event = cloud_event_of(environment.headers, environment.content_type, bytes(body))
            arguments = [event or _as_cloud_event(bytes(body))] if kind == "cloudevent" else _background(event, bytes(body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            environment.code = 400
            return f"no event: {error}"
        handler(*arguments)
        return "OK"

    return call


class CloudEvent:
    """Attributes by name, and the data; what handlers use of the class of the package cloudevents."""

    def __init__(self, attributes, data=None):
        missing = [name for name in REQUIRED if not attributes.get(name)]
        if missing:
            raise ValueError(f"the CloudEvent lacks {', '.join(missing)}")
        self._attributes = dict(attributes)
        self.data = data

    def __getitem__(self, name):
        return self._attributes[name]

    def __contains__(self, name):
        return name in self._attributes

    def __iter__(self):
        return iter(self._attributes)

    def get(self, name, default=None):
        return self._attributes.get(name, default)

    def get_attributes(self):
        return dict(self._attributes)

    def get_data(self):
        return self.data

    def __repr__(self):
        return f"CloudEvent({self._attributes}, {self.data!r})"


class Context:
    """What a background function is given beside the data."""

    def __init__(self, event_id="", timestamp="", event_type="", resource=""):
        self.event_id = event_id
        self.timestamp = timestamp
        self.event_type = event_type
        self.resource = resource

    def __str__(self):
        return str(vars(self))


def cloud_event_of(headers, content_type, body):
    """The CloudEvent of a request in structured or binary mode; None when it is none."""
    if content_type.lower().startswith("application/cloudevents"):
        attributes = json.loads(body)
        data = attributes.pop("data", None)
        if "data_base64" in attributes:
            import base64
            data = base64.b64decode(attributes.pop("data_base64"))
        return CloudEvent(attributes, data)
    if "ce-id" not in headers or "ce-type" not in headers:
        return None
    attributes = {name[3:]: _unescaped(value) for name, value in headers.items() if name.startswith("ce-")}
    if content_type:
        attributes["datacontenttype"] = content_type
    return CloudEvent(attributes, _data(content_type, body))


def _data(content_type, body):
    if not body:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    return json.loads(body) if kind.endswith("json") or not kind else body


def _unescaped(value):
    from urllib.parse import unquote
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return unquote(value, errors="strict")


def _background(event, body):
    if event is not None:
        resource = event["source"] + ("/" + event["subject"] if "subject" in event else "")
        return event.data, Context(event["id"], event.get("time", ""), event["type"], resource)
    whole = json.loads(body)
    context = whole["context"] if "context" in whole else whole
    return whole["data"], Context(context["eventId"], context.get("timestamp", ""), context["eventType"], context.get("resource", ""))


def _as_cloud_event(body):
    data, context = _background(None, body)
    attributes = {"id": context.event_id, "source": f"//{context.resource}" if context.resource else "//unknown", "specversion": "1.0", "type": context.event_type}
    if context.timestamp:
        attributes["time"] = context.timestamp
    return CloudEvent(attributes, data)
