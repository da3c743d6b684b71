"""Signatures of other platforms, as far as they need no packages; tests/compat/python has those with packages."""
import base64
import json
import sys
import unittest

from harness import LAUNCHER_FILES, Case


class Aws(Case):
    def aws(self, source, body=b"", call=None, **changes):
        self.write("app.py", source)
        return self.answer(None, body, call, signature="aws", file="app.py", **changes)

    def test_event_is_the_body_and_the_result_is_json(self):
        def check(expression, body, expected, header=None):
            source = f"import decimal, math\ndef lambda_handler(event, context):\n    return {expression}\n"
            self.assertEqual(self.aws(source, body), ("O" if header else "J", header or {}, expected), expression)

        check("event['a'] + 1", b'{"a": 1}', b"2")
        check("event", b"", b"{}")
        check("event", b"[1, null]", b"[1,null]")
        check("event", b'"text"', b'"text"')
        check("None", b"{}", b"null")
        check("{'statusCode': 201, 'body': 'x'}", b"{}", b'{"statusCode":201,"body":"x"}')
        check("[decimal.Decimal('1.10'), decimal.Decimal('12345678901234567890.5')]", b"{}", b"[1.10,12345678901234567890.5]")
        check("math.nan", b"{}", b"NaN")
        check("b'\\xff'", b"{}", b"\xff", {"headers": {"content-type": "application/unknown"}})

    def test_a_body_that_is_no_json_is_the_callers_mistake(self):
        kind, header, body = self.aws("def lambda_handler(event, context):\n    pass\n", b"{")
        self.assertEqual((kind, header["code"], header["headers"]), ("J", 400, {"content-type": "application/problem+json"}))
        self.assertEqual(json.loads(body)["component"], "caller")

    def test_errors_have_lambdas_names(self):
        def check(source, body, error_type, message):
            kind, header, _ = self.aws(source, body)
            self.assertEqual((kind, header["type"], header["message"]), ("E", error_type, message))
            return header["payload"]

        check("def lambda_handler(event, context):\n    return {1}\n", b"{}", "Runtime.MarshalError",
              "Unable to marshal response: Object of type set is not JSON serializable")
        payload = check("def lambda_handler(event, context):\n    boom()\ndef boom():\n    raise ValueError('boom')\n", b"{}", "ValueError", "boom")
        lines = payload.pop("stackTrace")
        self.assertEqual(payload, {"errorMessage": "boom", "errorType": "ValueError", "requestId": "01"})
        self.assertEqual(lines[1], f"  File \"{self.folder}/app.py\", line 4, in boom\n    raise ValueError('boom')\n")
        self.assertEqual(len(lines), 2)

    def test_context_is_lambdas(self):
        source = ("def lambda_handler(event, context):\n    context.log('logged')\n    names = event.split()\n"
                  "    return [context.get_remaining_time_in_millis() > 10 ** 6] + [getattr(context, name) for name in names] + [context.identity.cognito_identity_id, str(context)[:14]]\n")
        names = b'"aws_request_id function_name function_version invoked_function_arn memory_limit_in_mb log_group_name client_context tenant_id"'
        answer = self.aws(source, names, memory_bytes=256 << 20)
        self.assertEqual(json.loads(answer[2]), [True, "01", "greeter", "$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:greeter", "256",
                                                 "/aws/lambda/greeter", None, None, None, "LambdaContext("])

    def test_client_context_comes_by_header(self):
        given = base64.b64encode(b'{"custom": {"a": 1}, "client": {"app_title": "t"}}').decode()
        source = "def lambda_handler(event, context):\n    return [context.client_context.custom, context.client_context.client.app_title, context.client_context.env]\n"
        self.assertEqual(self.aws(source, b"", {"headers": {"x-amz-client-context": given}})[2], b'[{"a":1},"t",null]')

    def test_log_lines_are_lambdas(self):
        self.write("app.py", "import logging\nlogging.basicConfig(level=logging.DEBUG)\nlogging.warning('at load')\n"
                             "def lambda_handler(event, context):\n    logging.getLogger('x').error('in the call')\n    logging.info('quiet')\n")
        worker = self.worker(None, signature="aws", file="app.py")
        worker.call()
        first, second = worker.logged().splitlines()
        self.assertRegex(first, r"^\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\t\tat load$")
        self.assertRegex(second, r"^\[ERROR\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\t01\tin the call$")

    def test_process_variables_are_there_and_can_be_overridden(self):
        source = "import os\ndef lambda_handler(event, context):\n    return [os.environ[name] for name in event.split()]\n"
        names = b'"AWS_REGION AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_MEMORY_SIZE LAMBDA_TASK_ROOT _HANDLER"'
        answer = self.aws(source, names, variables={"AWS_REGION": "eu-central-1"})
        self.assertEqual(json.loads(answer[2]), ["eu-central-1", "greeter", "128", self.folder, "app.lambda_handler"])

    def http(self, expression, body=b"", **call):
        return self.aws(f"import base64\ndef lambda_handler(event, context):\n    return {expression}\n", body, call, event="http")

    def test_http_event_is_payload_2_0(self):
        headers = {"host": "example.org:8080", "content-type": "text/plain", "cookie": "a=1; b=2", "user-agent": "test", "x-many": "1,2"}
        call = {"method": "PUT", "path": "/f/greeter/a%20b", "path_info": "/a%20b", "query_string": "x=1&y=%C3%A4&x=2&z", "headers": headers, "content_type": "text/plain"}
        event = json.loads(self.http("event", "ü".encode(), **call)[2])
        context = event.pop("requestContext")
        self.assertEqual(event, {
            "version": "2.0", "routeKey": "$default", "rawPath": "/a%20b", "rawQueryString": "x=1&y=%C3%A4&x=2&z", "cookies": ["a=1", "b=2"],
            "headers": {"host": "example.org:8080", "content-type": "text/plain", "user-agent": "test", "x-many": "1,2",
                        "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "8080", "x-forwarded-proto": "http"},
            "queryStringParameters": {"x": "1,2", "y": "ä", "z": ""}, "body": "ü", "isBase64Encoded": False, "pathParameters": None, "stageVariables": None})
        self.assertEqual(context["http"], {"method": "PUT", "path": "/a%20b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"})
        self.assertRegex(context.pop("time"), r"^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000$")
        self.assertIsInstance(context.pop("timeEpoch"), int)
        self.assertEqual({key: context[key] for key in ("accountId", "apiId", "domainName", "domainPrefix", "requestId", "routeKey", "stage", "authentication")},
                         {"accountId": "000000000000", "apiId": "greeter", "domainName": "example.org", "domainPrefix": "example", "requestId": "01",
                          "routeKey": "$default", "stage": "$default", "authentication": None})

    def test_http_event_of_a_bare_call(self):
        event = json.loads(self.http("event")[2])
        self.assertEqual((event["rawPath"], event["rawQueryString"], event["isBase64Encoded"]), ("/", "", False))
        self.assertFalse({"cookies", "queryStringParameters", "body"} & set(event))

    def test_bodies_that_are_no_text_are_base64(self):
        def check(content_type, body, expected):
            event = json.loads(self.http("event", body, content_type=content_type)[2])
            self.assertEqual((event["body"], event["isBase64Encoded"]), expected, content_type)

        check("application/json", b"{}", ("{}", False))
        check("application/vnd.api+json; charset=utf-8", b"{}", ("{}", False))
        check("", b"text", ("text", False))
        check("image/png", b"text", ("dGV4dA==", True))
        check("text/plain", b"\xff", ("/w==", True))

    def test_http_answers_are_mapped(self):
        def check(expression, kind, body, header=None):
            self.assertEqual(self.http(expression), (kind, header or {}, body), expression)

        json_type = {"content-type": "application/json"}
        check("{'a': 1}", "J", b'{"a":1}')
        check("'text'", "J", b'"text"')
        check("None", "J", b"null")
        check("{'statusCode': 201, 'body': 'ä'}", "T", "ä".encode(), {"code": 201, "headers": json_type})
        check("{'statusCode': '404'}", "T", b"", {"code": 404, "headers": json_type})
        check("{'statusCode': 200, 'headers': {'Content-Type': 'text/html', 'X-N': 5, 'X-B': True}, 'body': '<p>'}", "T", b"<p>",
              {"code": 200, "headers": {"content-type": "text/html", "x-n": "5", "x-b": "true"}})
        check("{'statusCode': 200, 'cookies': ['a=1', 'b=2'], 'multiValueHeaders': {'X': ['1', '2']}}", "T", b"",
              {"code": 200, "headers": {"x": ["1", "2"], "set-cookie": ["a=1", "b=2"], **json_type}})
        check("{'statusCode': 200, 'body': base64.b64encode(b'\\xff').decode(), 'isBase64Encoded': True}", "O", b"\xff", {"code": 200, "headers": json_type})

    def test_http_answers_that_are_none_are_errors(self):
        for expression in ("{'statusCode': 'x'}", "{'statusCode': 200, 'body': {}}", "{'statusCode': 200, 'body': '!', 'isBase64Encoded': True}"):
            kind, header, _ = self.http(expression)
            self.assertEqual((kind, header["type"]), ("E", "Runtime.MarshalError"), expression)

    def test_handlers_in_folders_are_imported_from_above(self):
        self.write("src/other.py", "name = 'other'\n")
        self.write("src/app.py", "from . import other\nfrom src.other import name\ndef lambda_handler(event, context):\n    return [other.name, name, __name__]\n")
        self.assertEqual(self.answer(None, signature="aws", file="src/app.py")[2], b'["other","other","src.app"]')


class GoogleEvents(Case):
    BACKGROUND = "import json\ndef handler(data, context):\n    print(json.dumps([data, context.event_id, context.event_type, context.resource, context.timestamp]))\n"
    CLOUD = "import json\ndef handler(event):\n    print(json.dumps([event['id'], event['type'], event.get('subject'), event.data]))\n"

    def setUp(self):
        super().setUp()
        try:
            import flask, functions_framework  # noqa: E401, F401
            self.skipTest("functions_framework is installed and serves instead")
        except ImportError:
            pass

    def printed(self, source, body, **call):
        worker = self.worker(source, signature="google-event")
        self.assertEqual(worker.call(body, **call), ("T", {}, b"OK"))
        return json.loads(worker.logged())

    def test_background_functions(self):
        expected = [{"a": 1}, "7", "t", "r", "now"]
        context = {"eventId": "7", "eventType": "t", "resource": "r", "timestamp": "now"}
        self.assertEqual(self.printed(self.BACKGROUND, json.dumps({"context": context, "data": {"a": 1}}).encode()), expected)
        self.assertEqual(self.printed(self.BACKGROUND, json.dumps(dict(context, data={"a": 1})).encode()), expected)

    def test_cloud_events(self):
        headers = {"ce-id": "1", "ce-type": "t", "ce-source": "s", "ce-specversion": "1.0", "ce-subject": "%C3%A4"}
        self.assertEqual(self.printed(self.CLOUD, b'{"a": 1}', headers=headers, content_type="application/json"), ["1", "t", "ä", {"a": 1}])
        structured = b'{"specversion": "1.0", "id": "1", "type": "t", "source": "s", "data": {"a": 1}}'
        self.assertEqual(self.printed(self.CLOUD, structured, content_type="application/cloudevents+json; charset=utf-8"), ["1", "t", None, {"a": 1}])

    def test_what_is_no_event_is_400(self):
        for source in (self.BACKGROUND, self.CLOUD):
            for body in (b"", b"{", b"[]", b"{}", b"3"):
                answer = self.answer(source, body, signature="google-event")
                self.assertEqual((answer[0], answer[1]), ("T", {"code": 400}), body)


class AzureRoutes(unittest.TestCase):
    def test_templates(self):
        sys.path.insert(0, LAUNCHER_FILES)
        from _shortedfaas.azure_routes import Route

        def check(template, path, expected):
            self.assertEqual(Route(template).match(path), expected, (template, path))

        check("hello", "hello", {})
        check("hello", "Hello/", {})
        check("hello", "hello/x", None)
        check("/products/{category:alpha}/{id:int?}", "products/a/5", {"category": "a", "id": "5"})
        check("products/{category:alpha}/{id:int?}", "products/a", {"category": "a"})
        check("products/{category:alpha}/{id:int?}", "products/1/5", None)
        check("products/{category:alpha}/{id:int?}", "products/a/x", None)
        check("{name?}", "", {})
        check("{name}", "", None)
        check("{name=world}", "", {"name": "world"})
        check("{*route}", "", {})
        check("/{*route}", "a/b%20c", {"route": "a/b c"})
        check("files/{*path}", "files/a/b", {"path": "a/b"})
        check("v{version:int}.json", "v12.json", {"version": "12"})
        check("a.b", "axb", None)


if __name__ == "__main__":
    unittest.main()
