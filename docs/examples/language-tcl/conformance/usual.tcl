proc lambda {input environment} { return usual }
