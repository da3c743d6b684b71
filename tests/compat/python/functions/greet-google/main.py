from flask import make_response


def greet(request):
    name = request.args.get("name") or request.get_data(as_text=True)
    if name == "nobody":
        raise ValueError("deliberate")
    if not name:
        return {"error": "no name"}, 400
    if name == "bytes":
        return bytes(range(256)), 200, {"Content-Type": "application/octet-stream"}
    response = make_response({"greeting": f"Hello, {name}!", "method": request.method})
    response.headers["X-Greeted"] = "yes"
    response.set_cookie("first", "1", path=None)
    response.set_cookie("second", "2", path=None)
    return response
