import logging

import azure.functions as func


def run(request: func.HttpRequest, answer: func.Out[func.HttpResponse], message: func.Out[str]) -> None:
    logging.info("asked for %s", request.url)
    if request.get_body() == b"nothing":
        return
    message.set("dropped")
    answer.set(func.HttpResponse("set", status_code=201))
