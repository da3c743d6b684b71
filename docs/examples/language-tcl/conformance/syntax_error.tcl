proc lambda {input environment} { return
