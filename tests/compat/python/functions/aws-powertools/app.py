from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import LambdaFunctionUrlResolver
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model, LambdaFunctionUrlModel

logger = Logger(service="orders")
app = LambdaFunctionUrlResolver()


@app.get("/valid/<kind>")
@app.put("/valid/<kind>")
def valid(kind):
    for model in (LambdaFunctionUrlModel, APIGatewayProxyEventV2Model):
        model.model_validate(app.current_event.raw_event)
    return {"valid": kind, "query": app.current_event.query_string_parameters, "body": app.current_event.decoded_body}


@app.post("/orders")
def create():
    logger.info("created", extra={"order": app.current_event.json_body["order"]})
    return {"created": app.current_event.json_body["order"]}, 201


@logger.inject_lambda_context
def lambda_handler(event, context):
    return app.resolve(event, context)
