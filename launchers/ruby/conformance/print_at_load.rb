puts "printed at load"

def lambda(_input, _environment) = "quiet"
