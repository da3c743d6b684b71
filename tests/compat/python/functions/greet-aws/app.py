import base64
import json


def lambda_handler(event, context):
    name = event.get("queryStringParameters", {}).get("name") or event.get("body", "")
    if name == "nobody":
        raise ValueError("deliberate")
    if not name:
        return {"statusCode": 400, "body": json.dumps({"error": "no name"})}
    if name == "bytes":
        body = base64.b64encode(bytes(range(256))).decode()
        return {"statusCode": 200, "headers": {"Content-Type": "application/octet-stream"}, "body": body, "isBase64Encoded": True}
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "X-Greeted": "yes"},
        "cookies": ["first=1", "second=2"],
        "body": json.dumps({"greeting": f"Hello, {name}!", "method": event["requestContext"]["http"]["method"]}),
    }
