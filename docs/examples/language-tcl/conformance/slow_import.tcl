after 1500
proc lambda {input environment} { return slow }
