import flask
import functions_framework
from markupsafe import escape


@functions_framework.errorhandler(ZeroDivisionError)
def divided(error):
    return "divided by zero", 418


@functions_framework.http
def show(request):
    if request.path == "/stream":
        return flask.Response((piece for piece in ("one ", "two ", "three")), mimetype="text/plain")
    if request.path == "/json":
        return flask.jsonify(request.get_json(silent=True))
    if request.path == "/form":
        return {"form": request.form.getlist("a"), "file": request.files["f"].read().decode()}
    if request.path == "/gone":
        flask.abort(410)
    if request.path == "/zero":
        return str(1 / 0)
    return f"{request.method} {escape(request.path)} {request.args.to_dict(flat=False)} {flask.current_app.name}"
