from decimal import Decimal

from awslambdaric.lambda_context import LambdaContext


def lambda_handler(event, context):
    if event.get("fail"):
        raise KeyError(event["fail"])
    theirs = vars(LambdaContext("id", {}, {}, 0, "arn"))
    lacking = [name for name in theirs if not name.startswith("_") and not hasattr(context, name)]
    return {"lacking": lacking, "sum": sum(event["numbers"]), "price": Decimal("1.10"), "time": context.get_remaining_time_in_millis() > 0}
