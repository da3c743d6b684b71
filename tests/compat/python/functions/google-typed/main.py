import functions_framework


class Number:
    def __init__(self, value):
        self.value = value

    @staticmethod
    def from_dict(fields):
        return Number(fields["value"])

    def to_dict(self):
        return {"value": self.value}


@functions_framework.typed(Number)
def double(number):
    return Number(number.value * 2)
