import azure.functions as func

from . import wording


def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    name = req.params.get("name") or req.get_body().decode()
    if name == "nobody":
        raise ValueError("deliberate")
    if not name:
        return func.HttpResponse(wording.encoded(error="no name"), status_code=400, mimetype="application/json")
    if name == "bytes":
        return func.HttpResponse(bytes(range(256)), mimetype="application/octet-stream")
    response = func.HttpResponse(wording.encoded(greeting=f"Hello, {name}!", method=req.method), headers={"X-Greeted": "yes"}, mimetype="application/json")
    for cookie in ("first=1", "second=2"):
        response.headers.add("Set-Cookie", cookie)
    return response
