from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

async def show(request):
    answer = JSONResponse({"path": request.url.path, "q": request.query_params.getlist("q"), "cookies": request.cookies, "host": request.url.hostname})
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer

async def image(request):
    return Response(await request.body(), media_type="image/png")

async def fails(request):
    raise RuntimeError("deliberate")

app = Starlette(routes=[Route("/shown/{rest:path}", show), Route("/image", image, methods=["POST"]), Route("/fails", fails)])
handler = Mangum(app, lifespan="off")
