"""Echo and add for functions-framework, which takes one function for all paths."""


def function(request):
    if request.path == "/f/add":
        pair = request.get_json()
        return {"sum": pair["a"] + pair["b"]}
    return request.get_data(as_text=True), 200, {"Content-Type": "text/plain; charset=utf-8"}
