import functions_framework


@functions_framework.cloud_event
def react(event):
    print("reacted", event["id"], event["type"], event["source"], event.data)
    if event["id"] == "bad":
        raise ValueError("deliberate")
