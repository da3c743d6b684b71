# A handler as written for AWS Lambda behind a function URL or an HTTP API (payload format 2.0); it runs here unchanged.
import json


def lambda_handler(event, context):
    name = (event.get("queryStringParameters") or {}).get("name") or event.get("body") or "world"
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"greeting": f"Hello, {name}!", "request": context.aws_request_id, "path": event["rawPath"]}),
    }
