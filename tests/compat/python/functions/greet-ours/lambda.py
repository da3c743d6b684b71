def lambda_(input, environment):
    name = environment.query.get("name") or input
    if name == "nobody":
        raise ValueError("deliberate")
    if not name:
        environment.code = 400
        return {"error": "no name"}
    if name == "bytes":
        return bytes(range(256))
    environment.response_headers["x-greeted"] = "yes"
    environment.response_headers["set-cookie"] = ["first=1", "second=2"]
    return {"greeting": f"Hello, {name}!", "method": environment.method}
