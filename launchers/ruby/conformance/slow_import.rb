sleep 1.5

def lambda(_input, _environment) = "slow"
