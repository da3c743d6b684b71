import functions_framework.aio


@functions_framework.aio.http
async def show(request):
    return {"path": request.url.path, "body": (await request.body()).decode()}
