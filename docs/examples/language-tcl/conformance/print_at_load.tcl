puts "printed at load"
proc lambda {input environment} { return quiet }
