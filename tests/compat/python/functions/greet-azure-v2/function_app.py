import json

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="greet-azure-v2")
async def greet(req: func.HttpRequest) -> func.HttpResponse:
    name = req.params.get("name") or req.get_body().decode()
    if name == "nobody":
        raise ValueError("deliberate")
    if not name:
        return func.HttpResponse(json.dumps({"error": "no name"}), status_code=400, mimetype="application/json")
    if name == "bytes":
        return func.HttpResponse(bytes(range(256)), mimetype="application/octet-stream")
    response = func.HttpResponse(json.dumps({"greeting": f"Hello, {name}!", "method": req.method}), headers={"X-Greeted": "yes"}, mimetype="application/json")
    response.headers.add("Set-Cookie", "first=1")
    response.headers.add("Set-Cookie", "second=2")
    return response


@app.route(route="items/{kind:alpha}/{number:int?}", methods=["GET"])
def item(req: func.HttpRequest, context: func.Context) -> str:
    return f"{req.route_params['kind']} {req.route_params.get('number', 'all')} {context.function_name}"


@app.function_name("enqueue")
@app.route(route="enqueue", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="q", connection="none")
def enqueue(req: func.HttpRequest, message: func.Out[str]):
    message.set(req.get_body().decode())
    return func.HttpResponse("queued", status_code=202)
