os.execute("sleep 1.5")
function lambda() return "slow" end
