import azure.functions as func
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route


async def show(request):
    return JSONResponse({"path": request.url.path, "q": request.query_params.get("q"), "body": (await request.body()).decode()})


app = func.AsgiFunctionApp(app=Starlette(routes=[Route("/shown/{rest:path}", show, methods=["GET", "POST"])]), http_auth_level=func.AuthLevel.ANONYMOUS)
