def react(data, context):
    print("reacted", context.event_id, context.event_type, context.resource, data)
